// A server with another one behind it.
import { readdirSync, readFileSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import {
  failure,
  findMissing,
  getResult,
  isMissing,
  type RawClient,
  read,
  run,
  shell,
  stdoutOf,
  store,
  updateResult,
  upload,
  uploadAction,
} from '@gorego/conformance/client'
import { reapi } from '@gorego/core'
import { blobOf, blobOfSize, HANG_BOUND_MS, type TestBlob, temporaryDirectory } from '@gorego/core/testing'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { FakeUpstream } from './fake-upstream.js'
import { type RigOptions, ServerRig } from './server-rig.js'
import { compressed, ZSTD } from './zstd-blobs.js'

const cacheOnly = { execution: { enabled: false } }

/** A server behind, and one in front of it. */
class Tiers implements AsyncDisposable {
  private constructor(
    readonly behind: ServerRig,
    readonly front: ServerRig,
  ) {}

  static async start({ required = false, ...options }: RigOptions & { required?: boolean } = {}): Promise<Tiers> {
    const behind = await ServerRig.start({ ...cacheOnly, frontEnds: 1 })
    const target = `grpc://${behind.server.address}`
    return new Tiers(
      behind,
      await ServerRig.start({ ...options, backingCache: { target, required, timeout: HANG_BOUND_MS / 1000 } }),
    )
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.front.stop()
    await this.behind.stop()
  }
}

/** Resolves when the other server has the blob: what is not required goes there some time. */
async function arrived(client: RawClient, blob: Pick<TestBlob, 'digest'>): Promise<void> {
  while (await isMissing(client, blob)) await turn()
}

for (const frontEnds of [1, 2]) {
  test(`${frontEnds} front ends: blobs behind are found and read, those stored in front go behind`, async () => {
    await using tiers = await Tiers.start({ ...cacheOnly, frontEnds })
    const { behind, front } = tiers
    const blobs = [blobOf('small'), blobOfSize(3_000_000, 'large')]
    await store(behind.client, ...blobs.slice(0, 1))
    await upload(behind.client, blobs[1] as TestBlob)
    assert.equal(
      await findMissing(
        front.client,
        blobs.map(({ digest }) => digest),
      ),
      [],
    )
    for (const { digest, bytes } of blobs) assert.ok((await read(front.client, digest)).equals(bytes))
    const own = [blobOf('own'), blobOfSize(2_000_000, 'own and large')]
    await store(front.client, own[0] as TestBlob)
    await upload(front.client, own[1] as TestBlob)
    for (const blob of own) await arrived(behind.client, blob)
    assert.equal(front.complaints, [])
  })

  test(`${frontEnds} front ends: an action whose inputs are only behind runs, and its result goes behind with its outputs`, async () => {
    await using tiers = await Tiers.start({ frontEnds })
    const { behind, front } = tiers
    const inputs = { d: { directory: { e: { directory: { f: 'deep' } } } } }
    const action = shell('cat d/e/f; cat d/e/f d/e/f > out', { inputs, outputPaths: ['out'] })
    await uploadAction(behind.client, action)
    const seen = await run(front.client, action)
    assert.is(await stdoutOf(front.client, seen), 'deep')
    while ((await getResult(behind.client, action.digest).catch(() => undefined)) === undefined) await turn()
    assert.is(String(await read(behind.client, blobOf('deepdeep').digest)), 'deepdeep')
  })

  test(`${frontEnds} front ends: a result behind is served only when it is complete`, async () => {
    await using tiers = await Tiers.start({ frontEnds, ...cacheOnly })
    const { behind, front } = tiers
    const [action, output] = [blobOf('action'), blobOf('output')]
    const file = new reapi.OutputFile().setPath('o').setDigest(reapi.toDigestMessage(output.digest))
    const result = new reapi.ActionResult().setOutputFilesList([file]).setExitCode(0)
    await store(behind.client, output)
    await updateResult(behind.client, action.digest, result)
    assert.is((await getResult(front.client, action.digest)).getOutputFilesList().length, 1)
    const incomplete = new reapi.ActionResult().setOutputFilesList([
      new reapi.OutputFile().setPath('o').setDigest(reapi.toDigestMessage(blobOf('nowhere').digest)),
    ])
    const other = blobOf('other action')
    await updateResult(behind.client, other.digest, incomplete)
    assert.is((await failure(getResult(front.client, other.digest))).code, 'NOT_FOUND')
  })

  test(`${frontEnds} front ends: required: what is told to be stored is behind; without the server behind it is refused`, async () => {
    await using tiers = await Tiers.start({ ...cacheOnly, frontEnds, required: true })
    const { behind, front } = tiers
    const [before, after] = [blobOfSize(100_000, 'before'), blobOfSize(100_000, 'after')]
    await upload(front.client, before)
    assert.not(await isMissing(behind.client, before))
    await behind.stop()
    assert.is((await failure(upload(front.client, after))).code, 'UNAVAILABLE')
    assert.ok((await read(front.client, before.digest)).equals(before.bytes), 'what is here is served')
  })
}

test('while the server behind is away what is here is served; what was stored meanwhile goes there later, also after a restart', async () => {
  using directory = temporaryDirectory()
  const address = `unix:${join(directory.path, 'behind')}`
  const front = {
    ...cacheOnly,
    directory: join(directory.path, 'front'),
    backingCache: { target: address, putRetryCount: 0 },
  }
  const blobs = Array.from({ length: 20 }, (_, n) => blobOf(`meanwhile ${n}`))
  {
    await using rig = await ServerRig.start(front)
    assert.equal(
      (
        await findMissing(
          rig.client,
          blobs.map(({ digest }) => digest),
        )
      ).length,
      blobs.length,
    )
    await store(rig.client, ...blobs)
    for (const { digest, bytes } of blobs) assert.ok((await read(rig.client, digest)).equals(bytes))
    assert.is((await failure(read(rig.client, blobOf('nowhere').digest))).code, 'NOT_FOUND')
  }
  const lists = join(directory.path, 'front', 'backing-cache')
  const [list = '', ...more] = readdirSync(lists)
  assert.equal(more, [])
  assert.is(readFileSync(join(lists, list), 'utf8').split('\n').length, blobs.length + 1)
  // As servers called it that had no other.
  renameSync(join(lists, list), join(lists, 'pending'))
  const behind = { ...cacheOnly, listenAddr: address, directory: join(directory.path, 'behind-dir') }
  await using after = await ServerRig.start(behind)
  {
    await using _rig = await ServerRig.start(front)
    for (const blob of blobs) await arrived(after.client, blob)
  }
  assert.equal(readdirSync(lists), [])
})

for (const frontEnds of [1, 2]) {
  test(`${frontEnds} front ends: required: nobody who tries again is told that a blob is there which never got behind`, async () => {
    using directory = temporaryDirectory()
    const address = `unix:${join(directory.path, 'behind')}`
    const behind = { ...cacheOnly, frontEnds: 1, listenAddr: address, directory: join(directory.path, 'behind-dir') }
    const front = { ...cacheOnly, frontEnds, directory: join(directory.path, 'front') }
    const backingCache = { target: address, required: true, putRetryCount: 0 }
    const [before, large, small] = [blobOf('before'), blobOfSize(100_000, 'large'), blobOf('small')]
    {
      // As after a crash between the two: here, and nothing says that it is not behind.
      await using rig = await ServerRig.start(front)
      await store(rig.client, before)
    }
    await using rig = await ServerRig.start({ ...front, backingCache })
    for (let n = 0; n < 2; n++) {
      assert.is((await failure(upload(rig.client, large))).code, 'UNAVAILABLE')
      assert.match(String(await store(rig.client, small).catch((error) => error)), 'status codes 14')
      assert.is((await failure(findMissing(rig.client, [small.digest]))).code, 'UNAVAILABLE')
      assert.is((await failure(upload(rig.client, small))).code, 'UNAVAILABLE')
    }
    assert.ok((await read(rig.client, before.digest)).equals(before.bytes), 'what is here is served')
    await using after = await ServerRig.start(behind)
    while (await isMissing(rig.client, small).catch(() => true)) await turn()
    assert.not(await isMissing(after.client, small))
    assert.ok(await isMissing(rig.client, before), 'here, but not behind')
    await store(rig.client, before)
    await upload(rig.client, large)
    for (const blob of [before, large]) {
      assert.not(await isMissing(after.client, blob))
      assert.not(await isMissing(rig.client, blob))
    }
  })
}

for (const frontEnds of [1, 2]) {
  test(`${frontEnds} front ends: with zstd, blobs go behind and come from there compressed`, async () => {
    await using behind = await ServerRig.start({ ...cacheOnly, frontEnds: 1, logLevel: 'debug' })
    const backingCache = { target: `grpc://${behind.server.address}`, compression: 'zstd', required: true } as const
    await using front = await ServerRig.start({ ...cacheOnly, frontEnds, backingCache })
    const [there, own] = [blobOfSize(3_000_000, 'there'), blobOfSize(2_000_000, 'own')]
    await upload(behind.client, there)
    assert.ok((await read(front.client, there.digest)).equals(there.bytes))
    await upload(front.client, own)
    assert.ok((await read(behind.client, own.digest)).equals(own.bytes))
    assert.equal(front.complaints, [])
    assert.ok(front.log.some(({ message }) => message === 'blobs go to and from the backing cache compressed'))
  })
}

test('with zstd, a server behind that sends garbage or bombs has nothing, one that has no zstd is used without and said so once', async () => {
  const blob = blobOf(Buffer.alloc(300_000, 'x'))
  const bomb = await compressed(Buffer.alloc(64_000_000))
  for (const [compressors, chunks] of [
    [[ZSTD], [bomb]],
    [[ZSTD], [Buffer.from('garbage')]],
    [[], [blob.bytes.subarray(0, 200_000), blob.bytes.subarray(200_000)]],
  ] as const) {
    await using behind = await FakeUpstream.start({ compressors, sends: () => chunks })
    const backingCache = { target: behind.target, compression: 'zstd' } as const
    await using front = await ServerRig.start({ ...cacheOnly, backingCache })
    if (compressors.length === 0) {
      assert.ok((await read(front.client, blob.digest)).equals(blob.bytes))
      assert.equal(
        front.complaints.map(({ message }) => message),
        ['blobs go to and from the backing cache uncompressed'],
      )
    } else {
      assert.is((await failure(read(front.client, blob.digest))).code, 'NOT_FOUND')
      assert.ok(await isMissing(front.client, blob), 'whoever has it sends it')
      assert.equal(
        front.complaints.map(({ message }) => message),
        ['the backing cache sent something else than the blob that it was asked for'],
      )
    }
  }
})

test.run()
