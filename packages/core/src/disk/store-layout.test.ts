import { equal, notEqual, ok } from 'node:assert/strict'
import { basename, dirname, resolve } from 'node:path'
import { test } from 'uvu'
import { Digest, SHA256 } from '../digest/index.js'
import { blobOf } from '../testing/index.js'
import { isShardName, parseBlobName, StoreLayout } from './store-layout.js'

const layout = new StoreLayout('/store')
const { digest } = blobOf('content')
const { hash } = digest
const shard = hash.slice(0, 2)

test('blobs lie in shards, named by hash and size', () => {
  equal(layout.blob(digest), `/store/cas/sha256/${shard}/${hash}-7`)
  equal(layout.blob(digest, 'executable'), `/store/cas/sha256/${shard}/${hash}-7.x`)
  equal(dirname(layout.blob(digest)), layout.blobShard(SHA256, shard))
  equal(dirname(layout.blobShard(SHA256, shard)), layout.blobFunctionRoot(SHA256))
  equal(dirname(layout.blobFunctionRoot(SHA256)), layout.blobs)
  ok(isShardName(shard))
  for (const name of ['', '0', '000', 'AB', 'zz', '..', '00\n', '.x']) equal(isShardName(name), false, name)
})

test('a file name is read back as what was named so', () => {
  for (const size of [0, 1, 7, 10, 2 ** 40, Number.MAX_SAFE_INTEGER]) {
    for (const variant of ['plain', 'executable'] as const) {
      const expected = Digest.of(SHA256, hash, size)
      const parsed = parseBlobName(SHA256, shard, basename(layout.blob(expected, variant)))
      equal(parsed?.digest.key, expected.key)
      equal(parsed?.variant, variant)
    }
  }
})

test('other file names stand for no blob', () => {
  const names = [
    ...[
      '',
      '-',
      hash,
      `${hash}-`,
      `-${hash}-7`,
      `${hash}-7.y`,
      `${hash}-7.x.x`,
      `${hash}-07`,
      `${hash}-00`,
      `${hash}--7`,
    ],
    ...[`${hash}-+7`, `${hash}-7e3`, `${hash}-0x7`, `${hash}-7 `, `${hash}-7\n`, `${hash}-9007199254740993`],
    ...[`${hash}a-7`, `${hash.slice(0, 63)}-7`, `${hash.toUpperCase()}-7`, `${hash.slice(0, 63)}g-7`],
  ]
  for (const name of names) equal(parseBlobName(SHA256, shard, name), undefined, JSON.stringify(name))
  equal(parseBlobName(SHA256, shard === '00' ? '01' : '00', `${hash}-7`), undefined, 'in another shard')
})

test('GEN-04: an instance is one path segment that no other instance has, whatever it is called', () => {
  const long = 'x'.repeat(10_000)
  const instances = [
    ...[
      '',
      '.',
      '..',
      '../..',
      '/',
      '//',
      '/etc',
      'a',
      'A',
      'a/b',
      'a/../b',
      'a%2Fb',
      'a%252Fb',
      'i-',
      'i-a',
      'h-',
      '\\',
      '~',
    ],
    ...['\0', '\n', ' ', '*', 'ä', 'a\u0308', '\ud800', '\udfff\ud800', '\ufffd', '\u{1f600}', long, `${long}y`],
    ...['x'.repeat(200), 'x'.repeat(201), 'ä'.repeat(33), 'ä'.repeat(34), '.'.repeat(66), '.'.repeat(67)],
  ]
  const segments = instances.map((instance) => {
    const path = layout.actionResult(instance, digest)
    equal(resolve(path), path)
    const [, segment = '', rest] = /^\/store\/ac\/([^/]*)\/(.*)$/.exec(path) ?? []
    equal(rest, `sha256/${shard}/${hash}-7`)
    ok(segment.length >= 2 && segment.length <= 255 && /^[ih]-[ -~]*$/.test(segment), segment)
    return segment
  })
  equal(new Set(segments).size, instances.length)
})

test('GEN-04: an instance called like the path segment of another one gets another segment', () => {
  const segmentOf = (instance: string) => layout.actionResult(instance, digest).split('/')[3] ?? ''
  for (const instance of ['a', 'a.b', 'x'.repeat(1000)]) {
    notEqual(segmentOf(segmentOf(instance)), segmentOf(instance))
  }
})

test.run()
