import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { parseSummary } from './uvu-summary.mjs'

const summary = (total, passed, skipped) =>
  `\n  Total:     ${total}\n  Passed:    ${passed}\n  Skipped:   ${skipped}\n  Duration:  0.52ms\n\n`

const counts = (output) => {
  const { ran, total, passed, failed, skipped } = parseSummary(output)
  return { ran, total, passed, failed, skipped }
}

test('reads what uvu prints at its end', () => {
  assert.equal(counts(`• • ✘ (2 / 3)\n${summary(3, 2, 1)}`), { ran: true, total: 3, passed: 2, failed: 1, skipped: 1 })
})

test('does not mind colours', () => {
  const coloured =
    '\u001b[32m  Total:     3\u001b[39m\n\u001b[31m  Passed:    3\u001b[0m\n  Skipped:   \u001b[33m0\u001b[39m\n'
  assert.equal(counts(coloured), { ran: true, total: 3, passed: 3, failed: 0, skipped: 0 })
})

test('adds up when a file has several runs', () => {
  assert.equal(counts(summary(3, 3, 0) + summary(2, 1, 4)), { ran: true, total: 5, passed: 4, failed: 1, skipped: 4 })
})

test('says that nothing ran when there is no summary', () => {
  assert.equal(counts('Error: Cannot find module\n'), { ran: false, total: 0, passed: 0, failed: 0, skipped: 0 })
})

test('counts a test that returned early with a SKIP line as skipped, not as passed', () => {
  const { passed, skipped, reasons } = parseSummary(
    ` sandbox  • • SKIP sandbox: bwrap is not installed\n• (3 / 3)\n${summary(3, 3, 0)}`,
  )
  assert.equal({ passed, skipped }, { passed: 2, skipped: 1 })
  assert.equal(reasons, ['SKIP sandbox: bwrap is not installed'])
})

test('does not count a test.skip twice when a SKIP line gives its reason', () => {
  const { passed, skipped } = parseSummary(`SKIP sandbox: bwrap is not installed\n${summary(2, 2, 1)}`)
  assert.equal({ passed, skipped }, { passed: 2, skipped: 1 })
})

test('hands on the figures that a test tells, and counts nothing for them', () => {
  const output = ` packages  • FIGURE start: 165 ms, best of 9\n• FIGURE installed: 60 MiB\n (2 / 2)\n${summary(2, 2, 0)}`
  const { passed, skipped, figures } = parseSummary(output)
  assert.equal({ passed, skipped }, { passed: 2, skipped: 0 })
  assert.equal(figures, ['FIGURE start: 165 ms, best of 9', 'FIGURE installed: 60 MiB'])
})

test('is not taken in by words that only look like a summary', () => {
  assert.is(parseSummary('the Total: 3 of them\nPassed: many\n').ran, false)
})

test.run()
