import { reapi } from '@gorego/core'
import fc from 'fast-check'
import { paths, store } from './hostile-calls.js'
import { Connection } from './hostile-connection.js'
import { requests } from './hostile-fields.js'
import { hostileBytes, sampleBlobs, samples } from './hostile-requests.js'
import { attacked, CLIENT_FAULTS } from './hostile-server.js'
import type { Scenario } from './scenario.js'

/** Whatever is sent as a request: the answer is that the client is at fault, or a good one, and the server goes on. */
export const hostileMessages: Scenario = {
  name: 'hostile-messages',
  about: 'garbage, mutated and nonsensical requests to every RPC: only client faults, never INTERNAL or UNKNOWN',
  rounds: 400,
  run: ({ seed, rounds, log }) =>
    attacked(async ({ server, problems }) => {
      const codes = new Map<number | undefined, number>()
      let connection = await Connection.open(server.port)
      await store(connection, sampleBlobs)
      const cases = [
        ...samples.map(([path, sample]) => [path, hostileBytes(sample)] as const),
        ...requests.map(([path, all]) => [path, all.map((message) => message.serializeBinary())] as const),
      ]
      for (const [path, messages] of cases) {
        const property = fc.asyncProperty(messages, async (message) => {
          if (connection.session.closed) connection = await Connection.open(server.port)
          const code = await codeOf(connection, path, message)
          codes.set(code, (codes.get(code) ?? 0) + 1)
          if (code === undefined || !CLIENT_FAULTS.has(code)) throw new Error(`code ${code}`)
        })
        const result = await fc.check(property, { seed, numRuns: rounds })
        if (!result.failed) continue
        const bytes = Buffer.from(result.counterexample?.[0] ?? []).toString('hex')
        problems.push(`${path} with ${bytes.slice(0, 400)}: ${result.errorInstance}`)
      }
      connection[Symbol.dispose]()
      for (const [code, count] of codes) log(`code ${code}: ${count}`)
      return { requests: [...codes.values()].reduce((sum, count) => sum + count, 0), 'different codes': codes.size }
    }),
}

/** Of the call, or of what it says became of an execution. */
async function codeOf(connection: Connection, path: string, message: Uint8Array): Promise<number | undefined> {
  const { ending, messages } = await connection.ask(path, message)
  if (ending.code !== 0 || path !== paths.execute) return ending.code
  const last = reapi.Operation.deserializeBinary(messages.at(-1) ?? Buffer.alloc(0))
  const response = last.getResponse()
  if (!last.getDone() || response === undefined) throw new Error('an execution ended without a response')
  return reapi.ExecuteResponse.deserializeBinary(response.getValue_asU8()).getStatus()?.getCode() ?? 0
}
