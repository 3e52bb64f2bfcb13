// What a server gets besides well-behaved clients that stay: those that come for a moment, ask for what fails, or leave
// in the middle of it.
import { request } from 'node:http'
import { paths } from '@gorego/conformance/client'
import { build, executed, executeRequest, good, shellAction, store } from '../torture/hostile-calls.js'
import { Connection } from '../torture/hostile-connection.js'
import { leaveAlone, leaveUploads, stays } from '../torture/hostile-departures.js'
import type { Random } from '../torture/random.js'

export interface Visit {
  readonly port: number
  readonly random: Random
}

/** By what it is counted as: what one does, and how long until the next. A visit throws for what a client would call broken. */
export const visits: Readonly<Record<string, { everyMs: number; once: (visit: Visit) => Promise<void> }>> = {
  'small builds, each on a connection of its own': { everyMs: 20, once: ({ port }) => build(port) },
  // Each holds a slot for as long as a server waits for its client to come back.
  'clients that left an execution': {
    everyMs: 4000,
    once: ({ port, random }) => leaveAlone(port, random.pick(stays), random),
  },
  'clients that left their uploads': { everyMs: 200, once: ({ port, random }) => leaveUploads(port, random) },
  'commands that failed': { everyMs: 50, once: ({ port, random }) => fail(port, random.between(1, 255)) },
  'commands that printed a megabyte': {
    everyMs: 200,
    once: ({ port }) => build(port, 'head -c 1000000 /dev/zero; head -c 1000 /dev/zero >&2'),
  },
  'commands that left daemons': {
    everyMs: 500,
    once: ({ port }) => build(port, '(setsid sleep 1000 &); (sleep 1000 &)'),
  },
}

/** Prometheus. */
export async function scrape(socketPath: string): Promise<string> {
  return await new Promise((resolve, reject) => {
    const asked = request({ socketPath, path: '/metrics', agent: false }, async (response) => {
      try {
        const chunks: Buffer[] = []
        for await (const chunk of response) chunks.push(chunk)
        if (response.statusCode !== 200) throw new Error(`/metrics is answered with ${response.statusCode}`)
        resolve(Buffer.concat(chunks).toString())
      } catch (error) {
        reject(error)
      }
    })
    asked.once('error', reject)
    asked.end()
  })
}

async function fail(port: number, exitCode: number): Promise<void> {
  using connection = await Connection.open(port)
  const action = shellAction(`echo this is why >&2; exit ${exitCode}`)
  await store(connection, action.blobs)
  const response = executed(await good(connection, paths.execute, executeRequest(action)))
  const got = response.getResult()?.getExitCode()
  if (got !== exitCode) throw new Error(`a command that exits with ${exitCode} was reported with ${got}`)
}
