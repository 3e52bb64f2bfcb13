import { ChildProgram } from './child-program.js'

const START_LIMIT_SECONDS = 30

/** A long line to a server: programs/delaying-proxy.ts in a process of its own. */
export interface DelayingProxy extends Disposable {
  readonly address: string
}

export async function startDelayingProxy(target: string, delayMs: number): Promise<DelayingProxy> {
  const child = new ChildProgram('delaying-proxy', [String(delayMs), target.replace(/^grpc:\/\//, '')])
  const { address } = await child.next<{ address: string }>(START_LIMIT_SECONDS)
  return { address, [Symbol.dispose]: () => child[Symbol.dispose]() }
}
