import type { CommandGroup } from '../command.js'
import { clear } from './cache/clear.js'
import { gc } from './cache/gc.js'
import { stat } from './cache/stat.js'
import { verify } from './cache/verify.js'

export const cache: CommandGroup = {
  name: 'cache',
  summary: 'Look at a cache on this machine, check it, make it smaller',
  commands: [stat, gc, verify, clear],
}
