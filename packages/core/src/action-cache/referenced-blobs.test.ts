// Which blobs a result names, against what google-protobuf reads in it; Trees and Directories are with/completeness.test.ts's.
import { deepEqual, ok } from 'node:assert/strict'
import * as fc from 'fast-check'
import { test } from 'uvu'
import { MemoryStore } from '../cas/index.js'
import { SHA256 } from '../digest/index.js'
import { GoregoError } from '../errors/index.js'
import { decode } from '../proto/decode.js'
import { fromDigestMessage } from '../proto/digests.js'
import { ActionResult, Digest, ExecutedActionMetadata, OutputFile, OutputSymlink } from '../proto/messages.js'
import { referencedBlobs } from './referenced-blobs.js'

const cas = new MemoryStore()

async function ours(result: Uint8Array): Promise<string[] | undefined> {
  try {
    return (await referencedBlobs(SHA256, result, cas))?.map((digest) => digest.key)
  } catch (error) {
    if (error instanceof GoregoError && error.code === 'invalid-argument') return undefined
    throw error
  }
}

function theirs(result: Uint8Array): string[] | undefined {
  try {
    const message = decode(ActionResult, result, 'it')
    const streams = [message.getStdoutDigest(), message.getStderrDigest()].filter((digest) => digest !== undefined)
    const digests = [...message.getOutputFilesList().map((file) => file.getDigest()), ...streams]
    return digests.map((digest) => fromDigestMessage(SHA256, digest, 'it').key)
  } catch (error) {
    if (error instanceof GoregoError && error.code === 'invalid-argument') return undefined
    throw error
  }
}

const digests = fc
  .tuple(fc.constantFrom(...'0123456789abcdefabcdefabcdefF'), fc.nat())
  .map(([digit, size]) => new Digest().setHash(digit.repeat(64)).setSizeBytes(size))
const files = fc
  .tuple(fc.string(), fc.option(digests, { freq: 20 }))
  .map(([path, digest]) => new OutputFile().setPath(path).setDigest(digest ?? undefined))
const results = fc
  .tuple(fc.array(files, { maxLength: 5 }), fc.option(digests), fc.option(digests), fc.string())
  .map(([outputs, stdout, stderr, text]) =>
    new ActionResult()
      .setOutputFilesList(outputs)
      .setStdoutDigest(stdout ?? undefined)
      .setStderrDigest(stderr ?? undefined)
      .setStdoutRaw(Buffer.from(text))
      .setExitCode(text.length)
      .setExecutionMetadata(new ExecutedActionMetadata().setWorker(text))
      .setOutputSymlinksList([new OutputSymlink().setPath(text).setTarget(text)])
      .serializeBinary(),
  )

test('AC-02: a result names what google-protobuf reads in it', async () => {
  await fc.assert(
    fc.asyncProperty(results, async (result) => {
      const expected = theirs(result)
      // One that is bad anywhere is a miss, wherever we notice.
      deepEqual((await ours(result))?.sort(), expected?.sort())
    }),
    { numRuns: 500 },
  )
})

test('AC-02: of results one behind the other, as protobuf takes them, the last stdout and stderr count', async () => {
  await fc.assert(
    fc.asyncProperty(results, results, async (one, other) => {
      const both = Buffer.concat([one, other])
      const named = await ours(both)
      if (named !== undefined) deepEqual(named.sort(), theirs(both)?.sort())
    }),
  )
})

test('of a garbled result that both can read, both read the same', async () => {
  let taken = 0
  await fc.assert(
    fc.asyncProperty(results, fc.nat(), fc.nat(255), fc.boolean(), async (result, at, value, cut) => {
      const garbled = cut ? result.slice(0, at % (result.length + 1)) : Uint8Array.from(result)
      if (!cut && garbled.length > 0) garbled[at % garbled.length] = value
      const [named, expected] = [await ours(garbled), theirs(garbled)]
      if (named === undefined || expected === undefined) return
      taken++
      deepEqual(named.sort(), expected.sort())
    }),
    { numRuns: 2000 },
  )
  ok(taken > 30, `only ${taken} were taken`)
})

test.run()
