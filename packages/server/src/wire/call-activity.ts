/** Who only asks whether the server is well does not use it. */
export const PROBES = '/grpc.health.v1.Health/'

/** When a server was last called, and whether it is used just now. */
export class CallActivity {
  #lastBegunAt = 0
  #underWay = 0
  #lastUsedAt = performance.now()

  begun(path: string): void {
    this.#lastBegunAt = performance.now()
    if (!path.startsWith(PROBES)) this.#underWay++
  }

  ended(path: string): void {
    if (path.startsWith(PROBES)) return
    this.#underWay--
    this.#lastUsedAt = performance.now()
  }

  /** By `performance.now()`; probes count. */
  get lastBegunAt(): number {
    return this.#lastBegunAt
  }

  /** Since the last call ended, in milliseconds; 0 while there is one. */
  get idleMs(): number {
    return this.#underWay > 0 ? 0 : performance.now() - this.#lastUsedAt
  }
}
