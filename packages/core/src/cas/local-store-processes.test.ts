// What becomes of a store's directory when several processes use it, and when they are killed.
import { deepEqual, equal } from 'node:assert/strict'
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import { Digest, SHA256 } from '../digest/index.js'
import { isIntact } from '../disk/index.js'
import { blobOf, blobOfSize, putBlobFile, temporaryDirectory } from '../testing/index.js'
import { LocalStore } from './local-store.js'

const program = fileURLToPath(new URL('../../test/fixtures/write-blobs.ts', import.meta.url))
const unfinished = blobOfSize(1_000_000, 'unfinished').digest

/** A process that stores blobs. */
class Writer implements Disposable {
  readonly stored: Digest[] = []
  readonly #child: ChildProcess
  readonly #ended: Promise<unknown>

  private constructor(dir: string, count: number) {
    this.#child = fork(program, [dir, String(count)])
    this.#ended = once(this.#child, 'exit')
  }

  /** Resolves once `enough` blobs are stored, or all. */
  static async start(dir: string, count: number, enough = count): Promise<Writer> {
    const writer = new Writer(dir, count)
    return await new Promise((resolve, reject) => {
      void writer.#ended.then((how) => reject(new Error(`the writer ended: ${how}`)), reject)
      writer.#child.on('message', (message: 'done' | { hash: string; sizeBytes: number }) => {
        if (message !== 'done') writer.stored.push(Digest.of(SHA256, message.hash, message.sizeBytes))
        if (message === 'done' || writer.stored.length >= enough) resolve(writer)
      })
    })
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.#ended
  }

  async letGo(): Promise<void> {
    this.#child.disconnect()
    await this.#ended
  }

  [Symbol.dispose](): void {
    this.#child.kill('SIGKILL')
  }
}

/** The digests in the names of all stored files, after a look into each of them. */
function wholeBlobs(dir: string): string[] {
  const shards = readdirSync(join(dir, 'cas', 'sha256'))
  return shards.flatMap((shard) =>
    readdirSync(join(dir, 'cas', 'sha256', shard)).map((name) => {
      const path = join(dir, 'cas', 'sha256', shard, name)
      const { hash, sizeBytes } = Digest.ofBytes(SHA256, readFileSync(path))
      equal(name, `${hash}-${sizeBytes}`, 'the content is what the name says')
      equal(isIntact(statSync(path), sizeBytes), true)
      return `${hash}/${sizeBytes}`
    }),
  )
}

test('kill -9 leaves whole blobs only, and everything that was acknowledged; the next to open sweeps', async () => {
  using directory = temporaryDirectory()
  for (const enough of [1, 40]) {
    using writer = await Writer.start(directory.path, Number.POSITIVE_INFINITY, enough)
    await writer.kill()
    const acknowledged = [...writer.stored]

    const [session, ...others] = readdirSync(join(directory.path, 'run'))
    deepEqual(others, [], 'what the one before left is swept')
    const uploads = readdirSync(join(directory.path, 'run', session ?? '', 'upload'))
    equal(uploads.includes('0'), true, 'it was killed in the middle of an upload')
    const files = wholeBlobs(directory.path)

    using store = await LocalStore.open({ dir: directory.path })
    await store.loaded
    equal(store.usage.blobs, files.length)
    deepEqual(await store.findMissing(acknowledged), [])
    deepEqual(await store.findMissing([unfinished]), [unfinished])
    equal(readdirSync(join(directory.path, 'run')).includes(session ?? ''), false)
    for (const digest of acknowledged) equal((await store.get(digest)).length, digest.sizeBytes)
  }
})

test('processes share a directory: each finds what the others stored, and leaves alone what they have under way', async () => {
  using directory = temporaryDirectory()
  using store = await LocalStore.open({ dir: directory.path })
  await store.loaded
  deepEqual(await store.findMissing([unfinished]), [unfinished])
  using writer = await Writer.start(directory.path, 12)
  const { stored } = writer
  equal(stored.length, 12)
  deepEqual(await store.findMissing([...stored, unfinished]), [unfinished])
  for (const digest of stored) equal((await store.get(digest)).length, digest.sizeBytes)
  equal(store.usage.blobs, 12)
  {
    using another = await LocalStore.open({ dir: directory.path })
    deepEqual(await another.findMissing(stored), [])
    equal(readdirSync(join(directory.path, 'run')).length, 3)
  }
  await writer.letGo()
  equal(readdirSync(join(directory.path, 'run')).length, 1)
  equal(wholeBlobs(directory.path).length, 12)
})

test('FM-01: what another process stored in a session that is over by now is found', async () => {
  using directory = temporaryDirectory()
  using store = await LocalStore.open({ dir: directory.path })
  await store.loaded
  using writer = await Writer.start(directory.path, 3)
  await writer.letGo()
  deepEqual(await store.findMissing([...writer.stored, unfinished]), [unfinished])
})

test('FM-01: nobody looks on the disk for what only this process could have stored and did not, unless it is to be read', async () => {
  using directory = temporaryDirectory()
  using store = await LocalStore.open({ dir: directory.path })
  await store.loaded
  const { digest, bytes } = blobOf('put there by hand')
  putBlobFile(directory.path, { digest, bytes })
  deepEqual(await store.findMissing([digest]), [digest])
  equal((await store.get(digest)).length, digest.sizeBytes)
  deepEqual(await store.findMissing([digest]), [])
})

test('processes that start at once sweep together what a dead one left', async () => {
  using directory = temporaryDirectory()
  const dead = join(directory.path, 'run', 'gorego-1-1-0')
  for (let n = 0; n < 1500; n++) {
    const folder = join(dead, 'slots', String(n >> 3))
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, String(n)), '')
  }
  const writers = await Promise.all([1, 2].map(() => Writer.start(directory.path, 0)))
  equal(existsSync(dead), false)
  await Promise.all(writers.map((writer) => writer.letGo()))
  deepEqual(readdirSync(join(directory.path, 'run')), [])
})

test.run()
