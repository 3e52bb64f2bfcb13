import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { describe } from './report.mjs'

const passed = { name: 'a.test.ts', seconds: 1, passed: 2, failed: 0, skipped: 0, problems: [], output: 'noise\n' }

test('of a file that passed one line is shown, and its figures', () => {
  assert.is(describe(passed), 'ok    a.test.ts  (2 passed, 1.0 s)\n')
  const figures = ['FIGURE start: 165 ms', 'FIGURE installed: 60 MiB']
  assert.is(
    describe({ ...passed, figures }),
    'ok    a.test.ts  (2 passed, 1.0 s)\n      FIGURE start: 165 ms\n      FIGURE installed: 60 MiB\n',
  )
})

test('of a file that failed everything is shown', () => {
  const text = describe({ ...passed, failed: 1, problems: ['left a file'] })
  assert.match(text, 'FAIL  a.test.ts  (2 passed, 1 failed, 1.0 s)\n    noise\n')
  assert.match(text, 'FAIL  a.test.ts: left a file\n')
})

test.run()
