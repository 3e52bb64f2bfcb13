import type { Connection } from '../wire/connection.js'

/** What clients do to a server. */
export interface ServerLoad {
  readonly name: string
  /** How many operations are under way at once. */
  readonly clients: number
  /** Among how many connections the clients are spread. Default: one each, up to 16. */
  readonly connections?: number
  /** What the server may send ahead, in bytes. */
  readonly windowBytes?: number
  /** Uploads what all operations need. The connection may be kept for `prepare`. */
  readonly start: (connection: Connection) => Promise<Operations>
}

export interface Operations {
  /** Makes operations ready, from a number up to and without another. They may run out: then the clock stops early. */
  readonly prepare?: (from: number, to: number) => Promise<void>
  /** So many are measured, however long they take. */
  readonly count?: number
  readonly perform: (connection: Connection, operation: number) => Promise<void>
}
