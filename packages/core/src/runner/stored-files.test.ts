import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { BLAKE3, Digest, SHA256 } from '../digest/index.js'
import { fromStoredFiles, type StoredBlob, toStoredFiles } from './stored-files.js'

const hash = 'ab'.repeat(32)

test('what a runner stored is what the main process is told', () => {
  const stored: StoredBlob[] = [
    { digest: Digest.of(SHA256, hash, 7), variant: 'plain', put: true },
    { digest: Digest.of(SHA256, hash, 7), variant: 'executable', put: true },
    { digest: Digest.of(SHA256, hash, Number.MAX_SAFE_INTEGER), variant: 'plain', put: false },
    { digest: Digest.of(BLAKE3, hash, 0), variant: 'plain', put: true },
  ]
  const files = structuredClone(toStoredFiles(stored))
  assert.equal(
    files.map(({ fn, put, found }) => [fn, put.length, found.length]),
    [
      ['sha256', 2, 1],
      ['blake3', 1, 0],
    ],
  )
  const described = (blobs: readonly StoredBlob[]) =>
    blobs.map(({ digest, variant, put }) => `${digest.key} ${variant} ${put}`)
  assert.equal(described(fromStoredFiles(files)), described(stored))
  assert.equal(fromStoredFiles(toStoredFiles([])), [])
})

test('a name that no blob has is an error, not a blob', () => {
  for (const name of ['', hash, `${hash}-x`, `${hash}-7.y`, `../${hash}-7`]) {
    assert.throws(() => fromStoredFiles([{ fn: 'sha256', put: [name], found: [] }]), /is no blob/, name)
    assert.throws(() => fromStoredFiles([{ fn: 'sha256', put: [], found: [name] }]), /is no blob/, name)
  }
})

test.run()
