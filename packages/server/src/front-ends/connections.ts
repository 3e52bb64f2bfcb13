import { createServer, type Server, type Socket } from 'node:net'
import { type ListenOptions, listenAt } from '../wire/listening.js'

/** Takes connections; undefined if nobody can just now. */
type Taker = { pass(connection: Socket): void } | undefined

/** So many connections wait for a front end at most; further ones are closed. */
const MAX_WAITING = 1024

/**
 * Listens, and hands each connection over as it comes, unread. One process accepts for all: left to the kernel, which of
 * several processes gets a connection is chance, and a client with one connection for a whole build has only that one.
 */
export class Connections {
  /** As the listen address, with the real port. */
  readonly address: string
  readonly #server: Server
  readonly #waiting: Socket[] = []
  #choose: () => Taker = () => undefined
  #closed = false

  private constructor(address: string, server: Server) {
    this.address = address
    this.#server = server
    server.on('connection', (connection) => {
      // What goes wrong with it is told by its close.
      connection.on('error', () => {})
      this.take(connection)
    })
  }

  /** `listenAddr`: `host:port` or `unix:/path`; port 0 takes a free one. */
  static async listen(listenAddr: string, options: ListenOptions): Promise<Connections> {
    const server = createServer({ pauseOnConnect: true })
    const address = await listenAt(server, listenAddr, options)
    return new Connections(address, server)
  }

  /** From now on each connection is given to whom `choose` names. */
  giveTo(choose: () => Taker): void {
    this.#choose = choose
    this.handOver()
  }

  /** Somebody can take the connections that wait. */
  handOver(): void {
    for (const connection of this.#waiting.splice(0)) this.take(connection)
  }

  /** Accepts no more. Those that were handed over live on. */
  close(): void {
    this.#closed = true
    this.#server.close()
    for (const connection of this.#waiting.splice(0)) connection.destroy()
  }

  /** Hands over a connection, now or when somebody can take it. */
  take(connection: Socket): void {
    const taker = this.#closed ? undefined : this.#choose()
    if (taker !== undefined) taker.pass(connection)
    else if (!this.#closed && this.#waiting.length < MAX_WAITING) this.#waiting.push(connection)
    else connection.destroy()
  }
}
