import { equal, throws } from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { test } from 'uvu'
import { isDiskOfFull } from './is-disk-of-full.js'

// What is full is mounted by test/torture/disk-full.ts, which needs root.
test('a disk with space is not full, nor is a file system that counts nothing', () => {
  equal(isDiskOfFull(tmpdir()), false)
  if (existsSync('/proc')) equal(isDiskOfFull('/proc'), false)
})

test('a path that is not there is an error, not a disk', () => {
  throws(() => isDiskOfFull('/no/such/place'), { code: 'ENOENT' })
})

test.run()
