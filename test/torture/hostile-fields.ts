import { reapi } from '@gorego/core'
import fc from 'fast-check'
import { paths } from './hostile-calls.js'

const hash = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'

/** Text that somebody might take for a name: parts of good ones, of bad ones, and anything. */
const piece = fc.oneof(
  fc.constantFrom(
    'blobs',
    'uploads',
    'compressed-blobs',
    'zstd',
    'identity',
    'sha256',
    'blake3',
    'actionResults',
    '..',
    '.',
    '',
    '\0',
  ),
  fc.constantFrom(hash, hash.toUpperCase(), hash.slice(1), `${hash}0`, 'a'.repeat(40), 'g'.repeat(64)),
  fc.constantFrom(
    '3',
    '-1',
    '1e3',
    '0x10',
    '9223372036854775807',
    '9223372036854775808',
    '18446744073709551616',
    '1'.repeat(400),
  ),
  fc.string({ unit: 'binary', maxLength: 12 }),
)
export const name = fc.oneof(
  fc.array(piece, { maxLength: 7 }).map((pieces) => pieces.join('/')),
  fc.string({ maxLength: 2000 }),
)

/** Whole numbers at all the edges, within what the fields of the protocol hold. */
const int64 = fc.oneof(
  fc.constantFrom(0, 1, -1, 2 ** 31, 2 ** 32, 2 ** 53, -(2 ** 53), 2 ** 62, -(2 ** 62)),
  fc.integer(),
)
const int32 = fc.oneof(fc.constantFrom(0, 1, -1, 2 ** 31 - 1, -(2 ** 31)), fc.integer())

const digest = fc
  .tuple(fc.oneof(fc.constantFrom(hash, hash.toUpperCase(), '', 'abc'), name), int64)
  .map(([text, size]) => new reapi.Digest().setHash(text).setSizeBytes(size))
const functionOf = fc
  .oneof(fc.constantFrom(0, 1, 9), fc.nat({ max: 300 }))
  .map((value) => value as reapi.DigestFunctionValue)
const flag = fc.boolean()

interface Serializable {
  serializeBinary(): Uint8Array
}

/** Well-formed requests whose fields make no sense, or too much of it. */
export const requests: readonly (readonly [path: string, messages: fc.Arbitrary<Serializable>])[] = [
  [paths.getCapabilities, name.map((text) => new reapi.GetCapabilitiesRequest().setInstanceName(text))],
  [
    paths.findMissingBlobs,
    fc
      .tuple(name, fc.array(digest, { maxLength: 5 }), functionOf)
      .map(([instance, digests, fn]) =>
        new reapi.FindMissingBlobsRequest().setInstanceName(instance).setBlobDigestsList(digests).setDigestFunction(fn),
      ),
  ],
  [
    paths.batchReadBlobs,
    fc
      .tuple(fc.array(digest, { maxLength: 5 }), functionOf)
      .map(([digests, fn]) => new reapi.BatchReadBlobsRequest().setDigestsList(digests).setDigestFunction(fn)),
  ],
  [
    paths.getTree,
    fc
      .tuple(digest, int32, name)
      .map(([root, size, token]) =>
        new reapi.GetTreeRequest().setRootDigest(root).setPageSize(size).setPageToken(token),
      ),
  ],
  [
    paths.splitBlob,
    fc
      .tuple(digest, functionOf)
      .map(([blob, fn]) => new reapi.SplitBlobRequest().setBlobDigest(blob).setDigestFunction(fn)),
  ],
  [
    paths.spliceBlob,
    fc
      .tuple(digest, fc.array(digest, { maxLength: 4 }))
      .map(([blob, chunks]) => new reapi.SpliceBlobRequest().setBlobDigest(blob).setChunkDigestsList(chunks)),
  ],
  [
    paths.read,
    fc
      .tuple(name, int64, int64)
      .map(([text, offset, limit]) =>
        new reapi.ReadRequest().setResourceName(text).setReadOffset(offset).setReadLimit(limit),
      ),
  ],
  [
    paths.write,
    fc
      .tuple(name, int64, fc.uint8Array({ maxLength: 50 }), flag)
      .map(([text, offset, data, finish]) =>
        new reapi.WriteRequest().setResourceName(text).setWriteOffset(offset).setData(data).setFinishWrite(finish),
      ),
  ],
  [paths.queryWriteStatus, name.map((text) => new reapi.QueryWriteStatusRequest().setResourceName(text))],
  [
    paths.getActionResult,
    fc
      .tuple(name, digest, functionOf, fc.array(name, { maxLength: 3 }))
      .map(([instance, action, fn, files]) =>
        new reapi.GetActionResultRequest()
          .setInstanceName(instance)
          .setActionDigest(action)
          .setDigestFunction(fn)
          .setInlineOutputFilesList(files),
      ),
  ],
  [
    paths.updateActionResult,
    fc.tuple(name, digest, digest, name, int32).map(([instance, action, output, path, exitCode]) =>
      new reapi.UpdateActionResultRequest()
        .setInstanceName(instance)
        .setActionDigest(action)
        .setActionResult(
          new reapi.ActionResult()
            .setExitCode(exitCode)
            .setStdoutDigest(output)
            .setOutputFilesList([new reapi.OutputFile().setPath(path).setDigest(output)])
            .setOutputDirectoriesList([new reapi.OutputDirectory().setPath(path).setTreeDigest(output)]),
        ),
    ),
  ],
  [
    paths.execute,
    fc
      .tuple(name, digest, int32, functionOf)
      .map(([instance, action, priority, fn]) =>
        new reapi.ExecuteRequest()
          .setInstanceName(instance)
          .setActionDigest(action)
          .setDigestFunction(fn)
          .setExecutionPolicy(new reapi.ExecutionPolicy().setPriority(priority)),
      ),
  ],
  [paths.waitExecution, name.map((text) => new reapi.WaitExecutionRequest().setName(text))],
  [paths.getOperation, name.map((text) => new reapi.GetOperationRequest().setName(text))],
  [
    paths.listOperations,
    fc
      .tuple(name, int32, name, name)
      .map(([text, size, token, filter]) =>
        new reapi.ListOperationsRequest().setName(text).setPageSize(size).setPageToken(token).setFilter(filter),
      ),
  ],
  [paths.cancelOperation, name.map((text) => new reapi.CancelOperationRequest().setName(text))],
  [paths.deleteOperation, name.map((text) => new reapi.DeleteOperationRequest().setName(text))],
  [
    paths.waitOperation,
    fc
      .tuple(name, int64, int32)
      .map(([text, seconds, nanos]) =>
        new reapi.WaitOperationRequest()
          .setName(text)
          .setTimeout(new reapi.Duration().setSeconds(seconds).setNanos(nanos)),
      ),
  ],
]
