// A server with a real bazel-remote behind it: another implementation, which checks what results refer to.
import { failure, getResult, isMissing, read, run, shell, stdoutOf, store, upload } from '@gorego/conformance/client'
import { blobOf, blobOfSize, temporaryDirectory } from '@gorego/core/testing'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { BazelRemote, bazelRemoteProgram } from './bazel-remote.js'
import { ServerRig } from './server-rig.js'

const compressions = ['none', 'zstd'] as const
const title = 'what one server stores and executes, another one with the same bazel-remote behind it has'
const found = bazelRemoteProgram()
if ('reason' in found) {
  console.log(`SKIP bazel-remote: ${found.reason}`)
  test.skip(title)
} else {
  for (const compression of compressions)
    test(`${title}; compression: ${compression}`, () => goesThrough(found.program, compression))
}

async function goesThrough(program: string, compression: (typeof compressions)[number]): Promise<void> {
  using directory = temporaryDirectory()
  await using remote = await BazelRemote.start(program, directory.path)
  const backingCache = { target: remote.target, required: true, compression }
  const action = shell('cat in; mkdir d; cat in in > d/out', {
    inputs: { in: { content: 'sent' } },
    outputPaths: ['d'],
  })
  const blobs = [blobOf('small'), blobOfSize(5_000_000, 'large')] as const
  {
    await using rig = await ServerRig.start({ backingCache })
    await store(rig.client, blobs[0])
    await upload(rig.client, blobs[1])
    assert.is(await stdoutOf(rig.client, await run(rig.client, action)), 'sent')
    assert.equal(rig.complaints, [])
    const said = rig.log.some(({ message }) => message === 'blobs go to and from the backing cache compressed')
    assert.is(said, compression === 'zstd')
  }
  await using rig = await ServerRig.start({ backingCache })
  for (const blob of blobs) {
    assert.not(await isMissing(rig.client, blob))
    assert.ok((await read(rig.client, blob.digest)).equals(blob.bytes))
  }
  assert.ok(await isMissing(rig.client, blobOf('never stored')))
  assert.is((await failure(read(rig.client, blobOf('never stored').digest))).code, 'NOT_FOUND')
  const result = await getResult(rig.client, action.digest)
  assert.is(result.getOutputDirectoriesList().length, 1)
  assert.is(String(await read(rig.client, blobOf('sentsent').digest)), 'sentsent')
  const again = await run(rig.client, action)
  assert.ok(again.response.getCachedResult())
}

test.run()
