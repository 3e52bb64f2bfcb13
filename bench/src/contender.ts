import type { ServerUnderTest } from './server-under-test.js'

/** A server that takes part in a run: started by the first workload that asks for it, and the same one for all. */
export class Contender {
  readonly #start: () => Promise<ServerUnderTest>
  #started: Promise<ServerUnderTest> | undefined

  constructor(
    readonly name: string,
    start: () => Promise<ServerUnderTest>,
  ) {
    this.#start = start
  }

  readonly server = (): Promise<ServerUnderTest> => {
    this.#started ??= this.#start()
    return this.#started
  }

  /** Undefined if no workload asked for it, or if it could not be started. */
  async ifStarted(): Promise<ServerUnderTest | undefined> {
    return this.#started?.catch(() => undefined)
  }
}
