import type { CommandGroup } from '../command.js'
import { get } from './cas/get.js'
import { ls } from './cas/ls.js'
import { put } from './cas/put.js'
import { tree } from './cas/tree.js'

export const cas: CommandGroup = {
  name: 'cas',
  summary: 'Fetch, store and look at the blobs of a server',
  commands: [get, put, ls, tree],
}
