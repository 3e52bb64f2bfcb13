import type { CommandGroup } from '../command.js'
import { cancel } from './ops/cancel.js'
import { ls } from './ops/ls.js'
import { show } from './ops/show.js'
import { wait } from './ops/wait.js'

export const ops: CommandGroup = {
  name: 'ops',
  summary: 'Look at what a server executes, cancel it, wait for it',
  commands: [ls, show, cancel, wait],
}
