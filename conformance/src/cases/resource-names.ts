import { randomUUID } from 'node:crypto'
import { reapi } from '@gorego/core'
import { Metadata } from '@grpc/grpc-js'
import * as assert from 'uvu/assert'
import {
  callFailure,
  committed,
  failure,
  isCode,
  named,
  paths,
  readChunks,
  store,
  uploadName,
  write,
  writeRequest,
  writeRequests,
} from '../client/index.js'
import { Cases } from '../suite/case.js'
import type { Tester } from '../suite/tester.js'

export const resourceNames = new Cases()
const { test } = resourceNames

const HEADER = 'build.bazel.remote.execution.v2.resource-name'

async function readNamed(t: Tester, name: string): Promise<string> {
  return Buffer.concat(await readChunks(t.client, new reapi.ReadRequest().setResourceName(name))).toString()
}

async function isRefused(t: Tester, name: string, codes: string | readonly string[] = 'INVALID_ARGUMENT') {
  isCode(await callFailure(t.client, paths.read, new reapi.ReadRequest().setResourceName(name)), codes, name)
}

test('RN-01, RN-04: a blob is read as blobs/hash/size, below the instance if that has a name', async (t) => {
  const blob = t.blob('to be read')
  await store(t.client, blob)
  assert.is(await readNamed(t, named(t.client, `blobs/${blob.digest}`)), t.unique('to be read'))
})

test('RN-01: names that lack something are refused', async (t) => {
  const { digest } = t.blob('')
  for (const tail of ['', 'blobs', `blobs/${digest.hash}`, `blobs//${digest.sizeBytes}`, `${digest}`]) {
    await isRefused(t, named(t.client, tail))
  }
  await isRefused(t, named(t.client, `uploads/${randomUUID()}/blobs/${digest}`))
})

test('RN-02, RN-03: blobs are read and written as compressed-blobs/zstd, too', async (t) => {
  t.needsZstd()
  const blob = t.blob('compressed')
  await store(t.client, blob)
  const read = new reapi.ReadRequest().setResourceName(named(t.client, `compressed-blobs/zstd/${blob.digest}`))
  assert.ok((await readChunks(t.client, read)).length > 0)
  // It is there: any bytes will do.
  const name = named(t.client, `uploads/${randomUUID()}/compressed-blobs/zstd/${blob.digest}`)
  assert.ok((await write(t.client, [writeRequest({ name, data: Buffer.from('28b52ffd', 'hex'), finish: true })])) >= -1)
})

test('RN-03, RN-09: a blob is written as uploads/uuid/blobs/hash/size; one uuid may do for several', async (t) => {
  const uuid = randomUUID()
  for (const content of ['first', 'second']) {
    const blob = t.blob(content)
    const name = uploadName(t.client, blob.digest, uuid)
    assert.is(await write(t.client, writeRequests(blob, { name })), blob.bytes.length)
  }
})

test('RN-03: upload names that lack something are refused', async (t) => {
  const blob = t.blob('not stored')
  const uuid = randomUUID()
  for (const tail of [
    '',
    `uploads/${uuid}`,
    `uploads/${uuid}/blobs/${blob.digest.hash}`,
    `uploads/blobs/${blob.digest}`,
    `blobs/${blob.digest}`,
    `uploads/${uuid}/${blob.digest}`,
  ]) {
    const request = writeRequest({ name: named(t.client, tail), data: blob.bytes, finish: true })
    isCode(await failure(write(t.client, [request])), 'INVALID_ARGUMENT', tail)
  }
})

test(
  'RN-04: a name that starts with a slash is refused',
  async (t) => {
    const blob = t.blob('slash')
    await store(t.client, blob)
    await isRefused(t, `/blobs/${blob.digest}`)
    const request = writeRequest({ name: `/${uploadName(t.client, blob.digest)}`, data: blob.bytes, finish: true })
    isCode(await failure(write(t.client, [request])), 'INVALID_ARGUMENT')
  },
  { level: 'D' },
)

test('RN-05, GEN-03: an instance name may have several segments', async (t) => {
  assert.ok(t.own)
  const blob = t.blob('instances')
  const name = `team/a/uploads/${randomUUID()}/blobs/${blob.digest}`
  assert.is(await write(t.client, writeRequests(blob, { name })), blob.bytes.length)
  assert.is(await readNamed(t, `team/a/blobs/${blob.digest}`), t.unique('instances'))
})

test(
  'RN-05: no segment of an instance name is one of the words that names are made of',
  async (t) => {
    const blob = t.blob('words')
    await store(t.client, blob)
    for (const word of [
      'blobs',
      'uploads',
      'actions',
      'actionResults',
      'operations',
      'capabilities',
      'compressed-blobs',
    ]) {
      await isRefused(t, `${word}/blobs/${blob.digest}`)
      await isRefused(t, `a/${word}/blobs/${blob.digest}`)
    }
  },
  { level: 'D' },
)

test('RN-06: the function is left out of a SHA-256 name; spelled out, it is taken or refused', async (t) => {
  const blob = t.blob('function')
  await store(t.client, blob)
  assert.is(await readNamed(t, named(t.client, `blobs/${blob.digest}`)), t.unique('function'))
  const spelled = new reapi.ReadRequest().setResourceName(named(t.client, `blobs/sha256/${blob.digest}`))
  const outcome = await readChunks(t.client, spelled).then(
    (chunks) => Buffer.concat(chunks).toString(),
    (error: { code: number }) => error.code,
  )
  assert.ok(outcome === t.unique('function') || outcome === reapi.RpcCode.INVALID_ARGUMENT, String(outcome))
})

test('RN-06: blake3 is part of the name', async (t) => {
  t.needsDigestFunction(reapi.DigestFunction.Value.BLAKE3, 'BLAKE3')
  const empty = 'af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262'
  assert.is(await readNamed(t, named(t.client, `blobs/blake3/${empty}/0`)), '')
  await isRefused(t, named(t.client, `blobs/blake3/${t.strangeHash()}/5`), 'NOT_FOUND')
  await isRefused(t, named(t.client, `blobs/BLAKE3/${empty}/0`))
})

test('RN-07: compressors are those that are advertised, in lower case', async (t) => {
  const blob = t.blob('compressors')
  await store(t.client, blob)
  const { ZSTD, DEFLATE, BROTLI } = reapi.Compressor.Value
  const offered = t.capabilities.getCacheCapabilities()?.getSupportedCompressorsList() ?? []
  const known: readonly (readonly [string, number])[] = [
    ['zstd', ZSTD],
    ['deflate', DEFLATE],
    ['brotli', BROTLI],
  ]
  const foreign = known.filter(([, value]) => !offered.some((each) => each === value)).map(([name]) => name)
  for (const compressor of [...foreign, 'gzip', 'ZSTD', '']) {
    await isRefused(t, named(t.client, `compressed-blobs/${compressor}/${blob.digest}`))
    const upload = t.client.clientStream(paths.write)
    const name = named(t.client, `uploads/${randomUUID()}/compressed-blobs/${compressor}/${blob.digest}`)
    await upload.send(writeRequest({ name, data: blob.bytes, finish: true }))
    isCode(await failure(upload.response), 'INVALID_ARGUMENT', `writing ${compressor}`)
  }
})

test(
  'RN-07: identity is not spelled as a compressor',
  async (t) => {
    const blob = t.blob('identity')
    await store(t.client, blob)
    await isRefused(t, named(t.client, `compressed-blobs/identity/${blob.digest}`))
  },
  { level: 'D' },
)

test('RN-08: metadata after the size of an upload means nothing', async (t) => {
  for (const metadata of ['/x', '/a/file.o', '/a/b/c/d', '/1/2', '/blobs']) {
    const blob = t.blob(metadata)
    const name = `${uploadName(t.client, blob.digest)}${metadata}`
    assert.is(await write(t.client, writeRequests(blob, { name })), blob.bytes.length, name)
    assert.is(await readNamed(t, named(t.client, `blobs/${blob.digest}`)), t.unique(metadata))
  }
})

test(
  'RN-08: nothing comes after the size of a blob that is read',
  async (t) => {
    const blob = t.blob('more')
    await store(t.client, blob)
    await isRefused(t, named(t.client, `blobs/${blob.digest}/more`))
  },
  { level: 'D' },
)

test(
  'RN-09: whatever stands where the uuid is will do',
  async (t) => {
    for (const uuid of ['1', 'not-a-uuid', randomUUID().toUpperCase(), 'ü']) {
      const blob = t.blob(uuid)
      const name = uploadName(t.client, blob.digest, uuid)
      assert.is(await write(t.client, writeRequests(blob, { name })), blob.bytes.length, uuid)
    }
  },
  { level: 'D' },
)

test('RN-10: a header that repeats the name is fine', async (t) => {
  const blob = t.blob('header')
  const name = uploadName(t.client, blob.digest)
  const written = await write(t.client, writeRequests(blob, { name }), { metadata: header(name) })
  assert.is(written, blob.bytes.length)
  const readName = named(t.client, `blobs/${blob.digest}`)
  const request = new reapi.ReadRequest().setResourceName(readName)
  for await (const _ of t.client.serverStream(paths.read, request, { metadata: header(readName) }));
})

test(
  'RN-10: one that does not is refused',
  async (t) => {
    const [blob, other] = [t.blob('header'), t.blob('other')]
    const metadata = header(named(t.client, `blobs/${other.digest}`))
    await store(t.client, blob)
    const read = new reapi.ReadRequest().setResourceName(named(t.client, `blobs/${blob.digest}`))
    isCode(await callFailure(t.client, paths.read, read, { metadata }), 'INVALID_ARGUMENT')
    const upload = t.client.clientStream(paths.write, { metadata })
    await upload.send(writeRequest({ name: uploadName(t.client, other.digest), data: other.bytes, finish: true }))
    isCode(await failure(upload.response), 'INVALID_ARGUMENT')
    const status = new reapi.QueryWriteStatusRequest().setResourceName(uploadName(t.client, other.digest))
    isCode(await callFailure(t.client, paths.queryWriteStatus, status, { metadata }), 'INVALID_ARGUMENT')
  },
  { level: 'D' },
)

test('RN-11: the size is a plain decimal number', async (t) => {
  const hash = t.strangeHash()
  for (const size of ['', '-1', '+5', '1e3', '0x10', '5.0', '5 ', 'five', '9223372036854775808', '9'.repeat(40)]) {
    await isRefused(t, named(t.client, `blobs/${hash}/${size}`))
  }
  await isRefused(t, named(t.client, `blobs/${hash}/9223372036854775807`), ['NOT_FOUND', 'INVALID_ARGUMENT'])
  const huge = named(t.client, `uploads/${randomUUID()}/blobs/${hash}/9223372036854775808`)
  const upload = t.client.clientStream(paths.write)
  await upload.send(writeRequest({ name: huge, data: Buffer.from('x') }))
  isCode(await failure(committed(upload)), 'INVALID_ARGUMENT')
})

function header(name: string): Metadata {
  const metadata = new Metadata()
  metadata.set(HEADER, name)
  return metadata
}
