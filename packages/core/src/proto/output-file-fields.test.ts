// Against google-protobuf's own serializer.
import { deepEqual, equal } from 'node:assert/strict'
import fc from 'fast-check'
import { test } from 'uvu'
import { Digest, SHA256, SHA512 } from '../digest/index.js'
import { toDigestMessage } from './digests.js'
import { ActionResult, NodeProperties, OutputFile, UInt32Value } from './messages.js'
import { OutputFileFields, type OutputFileParts } from './output-file-fields.js'

function withProperties(mode: number): NodeProperties {
  return new NodeProperties().setUnixMode(new UInt32Value().setValue(mode))
}

const files = fc.array(
  fc.record({
    path: fc.oneof(fc.string({ unit: 'grapheme' }), fc.string({ minLength: 100, maxLength: 300 })),
    digest: fc
      .tuple(fc.constantFrom(SHA256, SHA512), fc.constantFrom('0', 'a'), fc.oneof(fc.nat(300), fc.maxSafeNat()))
      .map(([fn, digit, size]) => Digest.of(fn, digit.repeat(fn.hashLength), size)),
    executable: fc.boolean(),
    properties: fc.option(fc.nat(0o777).map(withProperties), { nil: undefined }),
  }),
  { maxLength: 60 },
)

function messageOf({ path, digest, executable, properties }: OutputFileParts): OutputFile {
  return new OutputFile()
    .setPath(path)
    .setDigest(toDigestMessage(digest))
    .setIsExecutable(executable)
    .setNodeProperties(properties)
}

test('the bytes are those of google-protobuf', () => {
  void fc.assert(
    fc.property(files, (all) => {
      const fields = new OutputFileFields()
      for (const file of all) fields.add(file)
      const result = new ActionResult().setOutputFilesList(all.map(messageOf))
      deepEqual(fields.finish(new ActionResult().serializeBinary()), result.serializeBinary())
    }),
    { numRuns: 300 },
  )
})

test('with the rest of a result they are one message', () => {
  const fields = new OutputFileFields()
  const digest = Digest.ofBytes(SHA256, Buffer.from('content'))
  fields.add({ path: 'a/file', digest, executable: true, properties: undefined })
  const rest = new ActionResult().setExitCode(3).serializeBinary()
  const result = ActionResult.deserializeBinary(fields.finish(rest))
  equal(result.getExitCode(), 3)
  deepEqual(
    result.getOutputFilesList().map((file) => [file.getPath(), file.getDigest()?.getHash(), file.getIsExecutable()]),
    [['a/file', digest.hash, true]],
  )
})

test.run()
