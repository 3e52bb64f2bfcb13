import { readdirSync, readlinkSync } from 'node:fs'
import * as assert from 'uvu/assert'
import {
  failure,
  findMissing,
  isCode,
  isMissing,
  paths,
  type RawClient,
  readRequest,
  upload,
  uploadName,
  writeRequest,
} from '../client/index.js'
import { Cases } from '../suite/case.js'
import type { OwnServer } from '../target/own-server.js'

export const brokenOff = new Cases()
const { test } = brokenOff

const MIB = 1024 * 1024

/** What a server has open below its directory, by name. */
function openFiles({ pid, directory }: OwnServer): string[] {
  return readdirSync(`/proc/${pid}/fd`)
    .map((fd) => target(`/proc/${pid}/fd/${fd}`))
    .filter((path) => path.startsWith(directory))
    .sort()
}

/** A descriptor may be closed between the list and the look. */
function target(link: string): string {
  try {
    return readlinkSync(link)
  } catch {
    return ''
  }
}

/** Asks the server something, again and again, until it holds: each round trip gives it a turn. */
async function untilTrue(client: RawClient, holds: () => boolean): Promise<void> {
  while (!holds()) await findMissing(client, [])
}

test('GEN-07: 200 uploads and 40 downloads that break off leave no file, open or not', async (t) => {
  const server = await t.ownServer({ 'execution.enabled': false, 'local_cache.partial_uploads.max_size_gb': 0 })
  const client = t.connect(server)
  const stored = t.blob(3 * MIB)
  await upload(client, stored)
  const before = openFiles(server)
  const other = t.connect(server)
  const blob = t.blob(MIB)
  const uploads = Array.from({ length: 200 }, () => other.clientStream(paths.write))
  const data = blob.bytes.subarray(0, 50_000)
  await Promise.all(uploads.map((each) => each.send(writeRequest({ name: uploadName(other, blob.digest), data }))))
  const downloads = Array.from({ length: 40 }, () => {
    const stream = other.serverStream(paths.read, readRequest(other, stored.digest))
    stream.on('error', () => {})
    return stream
  })
  await Promise.all(downloads.map((stream) => new Promise((resolve) => stream.once('readable', resolve))))
  for (const each of [...uploads.slice(0, 100), ...downloads.slice(0, 20)]) each.cancel()
  // The rest goes with the connection.
  other[Symbol.dispose]()
  for (const each of [...uploads.slice(100), ...downloads.slice(20)]) each.cancel()
  await untilTrue(client, () => server.temporaryFiles().length === 0)
  await untilTrue(client, () => openFiles(server).join() === before.join())
  assert.ok(await isMissing(client, blob))
})

test('GEN-07: a call that runs out of time is ended, and the blob is not there', async (t) => {
  const blob = t.blob('too slow')
  const open = t.client.clientStream(paths.write, { timeoutMs: 200 })
  await open.send(writeRequest({ name: uploadName(t.client, blob.digest), data: blob.bytes.subarray(0, 2) }))
  isCode(await failure(open.response), 'DEADLINE_EXCEEDED')
  assert.ok(await isMissing(t.client, blob))
  assert.is(await upload(t.client, blob), blob.bytes.length)
})

test('GEN-07, CL-06: after a broken upload others are served on the same connection', async (t) => {
  const blob = t.blob(MIB)
  for (let n = 0; n < 20; n++) {
    const open = t.client.clientStream(paths.write)
    await open.send(writeRequest({ name: uploadName(t.client, blob.digest), data: blob.bytes.subarray(0, 100_000) }))
    open.cancel()
  }
  assert.is(await upload(t.client, blob), MIB)
})
