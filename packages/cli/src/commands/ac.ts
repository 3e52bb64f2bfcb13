import type { CommandGroup } from '../command.js'
import { get } from './ac/get.js'

export const ac: CommandGroup = {
  name: 'ac',
  summary: 'Look at the action cache of a server',
  commands: [get],
}
