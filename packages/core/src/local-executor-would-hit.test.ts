import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { content, file } from './embed/inputs.js'
import { LocalExecutor } from './local-executor.js'
import { blobOf } from './testing/blobs.js'
import { temporaryDirectory } from './testing/temporary-directory.js'

const space = temporaryDirectory()
const path = (name: string) => join(space.path, name)
test.after(() => space[Symbol.dispose]())

test('wouldHit says whether anything would run, and neither runs nor stores anything', async () => {
  await using executor = await LocalExecutor.open({ root: path('root'), concurrency: 1 })
  writeFileSync(path('in'), 'input of a dry run')
  const spec = {
    argv: ['/bin/sh', '-c', `echo ran > ${path('ran')}; cat in more > out`],
    inputs: { in: file(path('in')), more: content('more of it') },
    outputs: ['out'],
  }
  const before = await executor.wouldHit(spec)
  assert.equal([before.hit, before.reason], [false, 'not-cached'])
  const inputs = [blobOf('input of a dry run').digest, blobOf('more of it').digest, before.action]
  assert.equal(await executor.store.findMissing(inputs), inputs)

  const { action, outputs } = await executor.run(spec)
  assert.ok(action.equals(before.action))
  rmSync(path('ran'))
  assert.equal({ ...(await executor.wouldHit(spec)) }, { hit: true, action, reason: 'cached' })
  assert.is((await executor.wouldHit({ ...spec, doNotCache: true })).reason, 'do-not-cache')

  writeFileSync(path('in'), 'input of a dry run, changed')
  assert.is((await executor.wouldHit(spec)).hit, false)
  writeFileSync(path('in'), 'input of a dry run')
  const out = outputs.get('out')
  assert.ok(out?.kind === 'file')
  executor.localStore.discard(out.digest)
  assert.is((await executor.wouldHit(spec)).reason, 'not-cached', 'its output is gone')
  assert.throws(() => rmSync(path('ran')), 'ENOENT')
})

test.run()
