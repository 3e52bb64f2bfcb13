import { reapi } from '@gorego/core'
import { blobOf, type TestBlob } from '@gorego/core/testing'
import fc from 'fast-check'
import { paths, shellAction } from './hostile-calls.js'

const SAMPLE = blobOf('a blob')
const digest = () => reapi.toDigestMessage(SAMPLE.digest)
const ACTION = shellAction('exit 0', 'sample')
const action = () => reapi.toDigestMessage(ACTION.digest)

/** What the sample requests are about: with it in the store, they get further. */
export const sampleBlobs: readonly TestBlob[] = [SAMPLE, ...ACTION.blobs]

/** Requests as a good client would send them, one for every RPC: what mutations begin with. */
export const samples: readonly (readonly [path: string, message: Uint8Array])[] = (
  [
    [paths.getCapabilities, new reapi.GetCapabilitiesRequest().setInstanceName('main')],
    [paths.findMissingBlobs, new reapi.FindMissingBlobsRequest().setBlobDigestsList([digest(), action()])],
    [
      paths.batchUpdateBlobs,
      new reapi.BatchUpdateBlobsRequest().setRequestsList([
        new reapi.BatchUpdateBlobsRequest.Request().setDigest(digest()).setData(Uint8Array.from(SAMPLE.bytes)),
      ]),
    ],
    [paths.batchReadBlobs, new reapi.BatchReadBlobsRequest().setDigestsList([digest()])],
    [
      paths.getTree,
      new reapi.GetTreeRequest()
        .setRootDigest(reapi.toDigestMessage(ACTION.inputRootDigest))
        .setPageSize(3)
        .setPageToken('a-1'),
    ],
    [paths.splitBlob, new reapi.SplitBlobRequest().setBlobDigest(digest())],
    [paths.spliceBlob, new reapi.SpliceBlobRequest().setBlobDigest(digest()).setChunkDigestsList([digest()])],
    [paths.read, new reapi.ReadRequest().setResourceName(`blobs/${SAMPLE.digest}`).setReadOffset(2).setReadLimit(3)],
    [
      paths.write,
      new reapi.WriteRequest()
        .setResourceName(`uploads/8e4c9bb4-34fc-4a5f-8a3e-6f1a4e1f0b6a/blobs/${SAMPLE.digest}`)
        .setData(Uint8Array.from(SAMPLE.bytes))
        .setFinishWrite(true),
    ],
    [
      paths.queryWriteStatus,
      new reapi.QueryWriteStatusRequest().setResourceName(`uploads/some-uuid/blobs/${SAMPLE.digest}`),
    ],
    [
      paths.getActionResult,
      new reapi.GetActionResultRequest()
        .setActionDigest(action())
        .setInlineStdout(true)
        .setInlineOutputFilesList(['a']),
    ],
    [
      paths.updateActionResult,
      new reapi.UpdateActionResultRequest().setActionDigest(action()).setActionResult(
        new reapi.ActionResult()
          .setExitCode(1)
          .setStdoutRaw(Uint8Array.from(SAMPLE.bytes))
          .setOutputFilesList([new reapi.OutputFile().setPath('a').setDigest(digest())])
          .setOutputDirectoriesList([new reapi.OutputDirectory().setPath('b').setTreeDigest(digest())])
          .setOutputSymlinksList([new reapi.OutputSymlink().setPath('c').setTarget('d')]),
      ),
    ],
    [
      paths.execute,
      new reapi.ExecuteRequest()
        .setActionDigest(action())
        .setSkipCacheLookup(true)
        .setExecutionPolicy(new reapi.ExecutionPolicy().setPriority(-1)),
    ],
    [paths.waitExecution, new reapi.WaitExecutionRequest().setName('some-operation')],
    [paths.getOperation, new reapi.GetOperationRequest().setName('some-operation')],
    [paths.listOperations, new reapi.ListOperationsRequest().setFilter('done=true').setPageSize(5).setPageToken('1')],
    [paths.cancelOperation, new reapi.CancelOperationRequest().setName('some-operation')],
    [paths.deleteOperation, new reapi.DeleteOperationRequest().setName('some-operation')],
    [
      paths.waitOperation,
      new reapi.WaitOperationRequest().setName('some-operation').setTimeout(reapi.durationFromMillis(10)),
    ],
  ] as const
).map(([path, message]) => [path, message.serializeBinary()])

/** A number as on the wire: also one that is longer than it need be, or that never ends. */
const varint = fc.oneof(
  fc.uint8Array({ minLength: 1, maxLength: 2 }).map((bytes) => bytes.map((byte) => byte & 0x7f)),
  fc
    .constantFrom('ffffffffffffffffff01', 'ffffffffffffffffffff01', 'ffffffff0f', '80808080808080808080', '8000')
    .map(hex),
)

/** Any field with any wire type, groups and types that do not exist among them, and any length whatever follows. */
const field: fc.Arbitrary<Uint8Array> = fc
  .tuple(fc.nat({ max: 20 }), fc.nat({ max: 7 }), varint, fc.uint8Array({ maxLength: 20 }))
  .map(([number, type, value, rest]) => Buffer.concat([Uint8Array.of((number << 3) | type), value, rest]))

/** Messages in messages in messages, by any field number. */
const nested = fc
  .tuple(fc.integer({ min: 1, max: 15 }), fc.constantFrom(10, 100, 1000, 20_000), fc.boolean())
  .map(([number, depth, asGroup]) => (asGroup ? groups(number, depth) : messages(number, depth)))

function groups(number: number, depth: number): Uint8Array {
  const starts = Buffer.alloc(depth, (number << 3) | 3)
  return Buffer.concat([starts, Buffer.alloc(depth, (number << 3) | 4)])
}

function messages(number: number, depth: number): Uint8Array {
  // Each one says that all of the rest is in it.
  const prefixes: Buffer[] = []
  let length = 0
  for (let n = 0; n < depth; n++) {
    const prefix = Buffer.from([(number << 3) | 2, ...varintOf(length)])
    prefixes.push(prefix)
    length += prefix.length
  }
  return Buffer.concat(prefixes.reverse())
}

function varintOf(value: number): number[] {
  const bytes: number[] = []
  let rest = value
  for (; rest > 0x7f; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80)
  return [...bytes, rest]
}

/** What can be done to a message that was good. */
type Mutation = (message: Uint8Array) => Uint8Array
const place = fc.double({ min: 0, max: 1, noNaN: true })
const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  fc.tuple(place, fc.nat({ max: 255 })).map(
    ([at, byte]): Mutation =>
      (message) => {
        const changed = Uint8Array.from(message)
        if (changed.length > 0) changed[index(changed, at)] = byte
        return changed
      },
  ),
  place.map(
    (at): Mutation =>
      (message) =>
        message.subarray(0, index(message, at)),
  ),
  place.map(
    (at): Mutation =>
      (message) =>
        message.subarray(index(message, at)),
  ),
  fc.tuple(place, fc.oneof(field, varint, nested)).map(
    ([at, what]): Mutation =>
      (message) => {
        const cut = index(message, at)
        return Buffer.concat([message.subarray(0, cut), what, message.subarray(cut)])
      },
  ),
  fc.nat({ max: 30 }).map(
    (times): Mutation =>
      (message) =>
        Buffer.concat(Array(times).fill(message)),
  ),
)

function index(message: Uint8Array, at: number): number {
  return Math.floor(at * message.length)
}

function hex(text: string): Uint8Array {
  return Buffer.from(text, 'hex')
}

/** Bytes for an RPC whose good request is known: garbage, fields at random, depths, and the good one after mutations. */
export function hostileBytes(sample: Uint8Array): fc.Arbitrary<Uint8Array> {
  return fc.oneof(
    fc.uint8Array({ maxLength: 100 }),
    fc.array(field, { maxLength: 8 }).map((fields) => Buffer.concat(fields)),
    nested,
    fc
      .array(mutation, { minLength: 1, maxLength: 3 })
      .map((all) => all.reduce((message, mutate) => mutate(message), sample)),
  )
}
