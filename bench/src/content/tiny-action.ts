import { randomUUID } from 'node:crypto'
import { type BuiltAction, buildAction } from './build-action.js'

const run = randomUUID()

/** Prints a line; nobody has seen it before this run of the benchmark. */
export function tinyAction(what: string, number: number): BuiltAction {
  return buildAction({ argv: ['/bin/echo', 'hello'], salt: `${run} ${what} ${number}` })
}
