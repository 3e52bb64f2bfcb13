import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { verdict } from './verdict.mjs'

const printed = (total, passed, skipped = 0) => `  Total: ${total}\n  Passed: ${passed}\n  Skipped: ${skipped}\n`
const judge = (ended) => verdict({ output: printed(2, 2), code: 0, signal: null, files: [], processes: [], ...ended })
const counts = ({ passed, failed, skipped }) => [passed, failed, skipped]

test('a file whose tests pass and that leaves nothing behind is well', () => {
  const result = judge({})
  assert.equal(counts(result), [2, 0, 0])
  assert.equal(result.problems, [])
})

test('failing tests are counted one by one, and the exit code that follows from them is no further failure', () => {
  const result = judge({ output: printed(5, 3), code: 1 })
  assert.equal(counts(result), [3, 2, 0])
  assert.equal(result.problems, [])
})

test('a file that ends with an exit code though its tests passed has failed', () => {
  assert.equal(counts(judge({ code: 3 })), [2, 1, 0])
  assert.match(judge({ code: 3 }).problems[0], 'exit code 3')
  assert.match(judge({ code: null, signal: 'SIGSEGV' }).problems[0], 'signal SIGSEGV')
})

test('a file without a summary has failed once, whatever its exit code', () => {
  assert.equal(counts(judge({ output: 'hello\n', code: 0 })), [0, 1, 0])
  assert.equal(counts(judge({ output: 'hello\n', code: 1 })), [0, 1, 0])
})

test('a file that ran no test has failed, unless all are skipped for a reason', () => {
  assert.equal(counts(judge({ output: printed(0, 0) })), [0, 1, 0])
  assert.equal(counts(judge({ output: printed(0, 0, 3) })), [0, 1, 3])
  assert.equal(counts(judge({ output: `SKIP bazel: not installed\n${printed(0, 0, 3)}` })), [0, 0, 3])
})

test('what is left behind fails a file and is named', () => {
  const result = judge({ files: ['store-x'], processes: ['sleep 60 (pid 7)'] })
  assert.equal(counts(result), [2, 2, 0])
  assert.match(result.problems[0], 'store-x')
  assert.match(result.problems[1], 'sleep 60 (pid 7)')
})

test('a file that had to be stopped has failed once', () => {
  const result = judge({ stopped: 'was stopped after 600 s', code: null, signal: 'SIGKILL' })
  assert.equal(counts(result), [2, 1, 0])
  assert.equal(result.problems, ['was stopped after 600 s'])
})

test.run()
