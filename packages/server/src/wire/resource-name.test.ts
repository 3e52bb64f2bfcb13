import { GoregoError } from '@gorego/core'
import { blobOf } from '@gorego/core/testing'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { dialectOf } from '../../test/dialect.js'
import type { Compressor } from '../compression/compressor.js'
import * as resourceName from './resource-name.js'

const parseReadName = (name: string, compressors: readonly Compressor[] = []) =>
  resourceName.parseReadName(name, dialectOf({ compressors }))
const parseWriteName = (name: string, compressors: readonly Compressor[] = []) =>
  resourceName.parseWriteName(name, dialectOf({ compressors }))

const { digest } = blobOf('named')
const same = (content: AsyncIterable<Uint8Array>) => content
const zstd: Compressor = { name: 'zstd', value: 1, compress: same, decompress: same }
const UUID = '6a1f1f0e-9a0c-4c5e-8a1b-0d3c2b1a0f9e'

function refused(parse: (name: string) => unknown, name: string): void {
  try {
    parse(name)
  } catch (error) {
    assert.is(error instanceof GoregoError && error.code, 'invalid-argument', name)
    assert.ok((error as Error).message.length < 1000, 'long names are not repeated in full')
    return
  }
  assert.unreachable(`${name} was taken`)
}

test('RN-01, RN-05: read names, with instances of any number of segments', () => {
  for (const instance of ['', 'main', 'a/b/c', 'ä b/%2F', 'blob', 'Uploads', '..']) {
    const parsed = parseReadName(`${instance === '' ? '' : `${instance}/`}blobs/${digest}`)
    assert.is(parsed.instance, instance)
    assert.ok(parsed.digest.equals(digest))
  }
})

test('RN-03, RN-08, RN-09: write names, with any uuid and anything after the size', () => {
  for (const instance of ['', 'main/', 'a/b/c/']) {
    for (const uuid of [UUID, '1', 'not a uuid', 'sha256', 'a'.repeat(300)]) {
      for (const metadata of ['', '/', '/x', '/foo/bar.o', '/blobs/x', '//']) {
        const parsed = parseWriteName(`${instance}uploads/${uuid}/blobs/${digest}${metadata}`)
        assert.is(parsed.instance, instance.slice(0, -1))
        assert.ok(parsed.digest.equals(digest))
      }
    }
  }
})

test('RN-04: a slash in front is refused', () => {
  refused(parseReadName, `/blobs/${digest}`)
  refused(parseReadName, `/main/blobs/${digest}`)
  refused(parseWriteName, `/uploads/${UUID}/blobs/${digest}`)
})

test('RN-05: reserved and empty segments are no part of an instance name', () => {
  for (const instance of ['a//b', 'actions', 'a/actionResults', 'operations/b', 'capabilities', 'uploads', 'blobs']) {
    refused(parseReadName, `${instance}/blobs/${digest}`)
  }
  refused(parseWriteName, `blobs/uploads/${UUID}/blobs/${digest}`)
})

test('RN-06: the function may be spelled out; those that are not served are refused', () => {
  assert.ok(parseReadName(`blobs/sha256/${digest}`).digest.equals(digest))
  assert.ok(parseWriteName(`uploads/${UUID}/blobs/sha256/${digest}/x`).digest.equals(digest))
  for (const fn of ['blake3', 'sha256tree', 'SHA256', 'sha1', '']) refused(parseReadName, `blobs/${fn}/${digest}`)
  refused(parseReadName, `blobs/${'a'.repeat(40)}/12`)
  refused(parseReadName, `blobs/sha256/${'a'.repeat(40)}/12`)
})

test('RN-02, RN-03: compressed names say what with', () => {
  for (const instance of ['', 'main/', 'a/b/']) {
    const parsed = parseReadName(`${instance}compressed-blobs/zstd/${digest}`, [zstd])
    assert.is(parsed.compressor, zstd)
    assert.is(parsed.instance, instance.slice(0, -1))
    assert.ok(parsed.digest.equals(digest))
    const upload = parseWriteName(`${instance}uploads/${UUID}/compressed-blobs/zstd/sha256/${digest}/x/y`, [zstd])
    assert.is(upload.compressor, zstd)
    assert.ok(upload.digest.equals(digest))
  }
  assert.is(parseReadName(`blobs/${digest}`, [zstd]).compressor, undefined)
})

test('RN-07: compressors that are not advertised are refused, and identity is none', () => {
  for (const compressor of ['deflate', 'brotli', 'identity', 'ZSTD', 'Zstd', '', 'blobs']) {
    refused((name) => parseReadName(name, [zstd]), `compressed-blobs/${compressor}/${digest}`)
    refused((name) => parseWriteName(name, [zstd]), `uploads/${UUID}/compressed-blobs/${compressor}/${digest}`)
  }
  refused(parseReadName, `compressed-blobs/zstd/${digest}`)
  refused((name) => parseReadName(name, [zstd]), `compressed-blobs/${digest}`)
  refused((name) => parseReadName(name, [zstd]), `blobs/zstd/${digest}`)
})

test('uploads are the same when instance, uuid, compressor and digest are; the rest makes no difference', () => {
  const upload = (name: string) => parseWriteName(name, [zstd]).upload
  const name = `uploads/${UUID}/blobs/${digest}`
  assert.is(upload(`${name}/x`), upload(`uploads/${UUID}/blobs/sha256/${digest}/y`))
  const { hash, sizeBytes } = digest
  const others = [
    `a/${name}`,
    `uploads/1/blobs/${digest}`,
    `uploads/${UUID}/compressed-blobs/zstd/${digest}`,
    `uploads/${UUID}/blobs/${hash}/${sizeBytes + 1}`,
  ]
  assert.is(new Set([name, ...others].map(upload)).size, 5)
})

test('RN-08: read names end with the size', () => {
  for (const tail of ['/', '/x', '/x/y']) refused(parseReadName, `blobs/${digest}${tail}`)
})

test('RN-11: sizes are plain decimals up to 2^63-1', () => {
  const { hash } = digest
  assert.is(parseReadName(`blobs/${hash}/0`).digest.sizeBytes, 0)
  assert.is(parseReadName(`blobs/${hash}/9223372036854775807`).digest.sizeBytes, 2 ** 63)
  for (const size of [
    '',
    '-1',
    '+1',
    '1.0',
    '1e3',
    '0x10',
    ' 1',
    '9223372036854775808',
    '9'.repeat(400),
    'x',
    '007',
    '00',
  ]) {
    refused(parseReadName, `blobs/${hash}/${size}`)
  }
})

test('DIG-01: hashes are lowercase hexadecimal of full length', () => {
  const { hash } = digest
  for (const bad of [hash.toUpperCase(), hash.slice(1), `${hash}a`, `${hash.slice(1)}g`, `..${hash.slice(2)}`, '']) {
    refused(parseReadName, `blobs/${bad}/5`)
    refused(parseWriteName, `uploads/${UUID}/blobs/${bad}/5`)
  }
})

test('names that lack a part, or are nothing of the kind', () => {
  const { hash } = digest
  for (const name of ['', 'blobs', 'blobs/', `blobs/${hash}`, `${hash}/5`, 'main', 'a'.repeat(100_000)]) {
    refused(parseReadName, name)
    refused(parseWriteName, name)
  }
  refused(parseReadName, `uploads/${UUID}/blobs/${digest}`)
  for (const name of [`blobs/${digest}`, `uploads/blobs/${digest}`, `uploads//blobs/${digest}`, `uploads/${UUID}`]) {
    refused(parseWriteName, name)
  }
})

test.run()
