// What it costs a server that it asks who calls, and counts what they have under way: CPU a call, of servers that take turns.
//
//     node --conditions=gorego-source --import tsx bench/src/programs/guarded.ts [rounds]
import { writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { Digest, SHA256 } from '@gorego/core'
import { DistinctBlobs } from '../content/distinct-blobs.js'
import { type GoregoProcess, startGorego } from '../process/gorego-process.js'
import { readProcessTree } from '../process/process-tree.js'
import { temporaryDirectory } from '../process/temporary-directory.js'
import { markdownTable } from '../report/markdown-table.js'
import { readBlob, readRequest, writeBlob, writeRequest } from '../wire/byte-stream.js'
import { Connection } from '../wire/connection.js'
import { GET_CAPABILITIES } from '../wire/get-capabilities.js'
import { uploadBlobs } from '../wire/upload.js'

const TOKEN = 'a-token-of-the-usual-length-0123456789'
const CLIENTS = 16
const TURN_MS = 600
const BLOB_BYTES = 10 * 1024

const rounds = Number(process.argv[2] ?? 6)
const directory = temporaryDirectory(tmpdir())
writeFileSync(join(directory, 'tokens'), `bench ${TOKEN}\n`, { mode: 0o600 })

/** What servers are told, beside `execution: { enabled: false }`. JSON is YAML. */
const settings = {
  nothing: {},
  'limits.in_flight_mb': { limits: { in_flight_mb: 256 } },
  'and limits.calls': { limits: { in_flight_mb: 256, calls: 10_000 } },
  'and tokens': { limits: { in_flight_mb: 256, calls: 10_000 }, auth: { tokens_file: join(directory, 'tokens') } },
}

interface Contender {
  readonly server: GoregoProcess
  readonly connection: Connection
}

const contenders = new Map<string, Contender>()
for (const [name, config] of Object.entries(settings)) {
  const file = join(directory, `${contenders.size}.yaml`)
  writeFileSync(file, JSON.stringify({ execution: { enabled: false }, front_ends: 1, ...config }))
  const server = await startGorego(join(directory, String(contenders.size)), { flags: ['--config', file] })
  contenders.set(name, {
    server,
    connection: new Connection(server.address, undefined, 'auth' in config ? TOKEN : undefined),
  })
}

const contents = new DistinctBlobs(BLOB_BYTES)
const { bytes, hash, sizeBytes } = contents.make(0)
const stored = Digest.of(SHA256, hash, sizeBytes)
for (const { connection } of contenders.values()) await uploadBlobs(connection, [{ bytes, digest: stored }])
const read = readRequest(stored)
const write = writeRequest({ blob: { hash, sizeBytes }, offset: 0, data: bytes, last: true })

const calls: Readonly<Record<string, (connection: Connection) => Promise<unknown>>> = {
  GetCapabilities: (connection) => connection.unary(GET_CAPABILITIES, Buffer.alloc(0)),
  'Read of 10 KiB': (connection) => readBlob(connection, read, BLOB_BYTES),
  // New blobs would cost what the kernel asks for fresh pages, which differs by more than all of this.
  'Write of 10 KiB that are there': (connection) => writeBlob(connection, [write], sizeBytes),
}

/** How many calls there were, and the CPU time that the server took. */
async function turn({ server, connection }: Contender, call: (connection: Connection) => Promise<unknown>) {
  const before = readProcessTree(server.pid)?.cpuMs ?? Number.NaN
  const until = performance.now() + TURN_MS
  let done = 0
  const client = async () => {
    for (; performance.now() < until; done++) await call(connection)
  }
  await Promise.all(Array.from({ length: CLIENTS }, client))
  return { cpuMs: (readProcessTree(server.pid)?.cpuMs ?? Number.NaN) - before, done }
}

try {
  const rows: string[][] = []
  for (const [about, call] of Object.entries(calls)) {
    const sums = new Map([...contenders.keys()].map((name) => [name, { cpuMs: 0, done: 0 }]))
    // The first round is for compilers and caches to get warm.
    for (let round = 0; round <= rounds; round++) {
      const all = [...contenders]
      // Whoever comes first would have other neighbours than the rest.
      for (const [name, contender] of [...all.slice(round % all.length), ...all.slice(0, round % all.length)]) {
        const { cpuMs, done } = await turn(contender, call)
        const sum = sums.get(name)
        if (round === 0 || sum === undefined) continue
        sum.cpuMs += cpuMs
        sum.done += done
      }
    }
    rows.push([about, ...[...sums.values()].map(({ cpuMs, done }) => (cpuMs / done).toFixed(3))])
  }
  console.log(markdownTable(['CPU ms a call', ...contenders.keys()], rows).join('\n'))
} finally {
  for (const { server, connection } of contenders.values()) {
    connection.close()
    await server.stop()
  }
}
