import { spawnSync } from 'node:child_process'
import { fstatSync } from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { temporaryDirectory } from '../testing/temporary-directory.js'
import { PrintedFiles } from './printed-files.js'

test('space that a command asked for and did not print to is given back', () => {
  using directory = temporaryDirectory()
  const files = new PrintedFiles(directory.path)
  const [stdout] = files.descriptors
  using opened = files.openForCommand()
  const script = 'fallocate --keep-size --length 1M /dev/fd/1'
  const { status, error } = spawnSync('/bin/sh', ['-c', script], { stdio: ['ignore', opened.descriptors[0], 'pipe'] })
  if (error !== undefined || status !== 0) {
    console.log('SKIP space that a command asked for: no fallocate here, or not on this file system')
    return
  }
  const { size, blocks } = fstatSync(stdout)
  assert.is(size, 0)
  assert.ok(blocks > 0)
  files.empty()
  assert.is(fstatSync(stdout).blocks, 0)
})

test.run()
