import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Outcome, Verdict } from '../suite/outcome.js'
import { table } from './table.js'
import { tally } from './tally.js'

const outcome = (ids: string, verdict: Verdict, why?: string): Outcome => ({
  title: `${ids} ${verdict}`,
  ids: ids.split(' '),
  verdict,
  seconds: 1,
  ...(why === undefined ? {} : { why }),
})

function verdictsOf(outcomes: readonly Outcome[], beginning: string) {
  const sections = tally(outcomes, (id) => id.startsWith(beginning))
  return Object.fromEntries(
    sections.flatMap(({ requirements }) => requirements).map(({ id, verdict }) => [id, verdict]),
  )
}

test('a requirement is as good as the worst of its cases', () => {
  const outcomes = [
    outcome('GT-01', 'passed'),
    outcome('GT-01 GT-02', 'failed'),
    outcome('GT-03', 'passed'),
    outcome('GT-03', 'not-applicable'),
    outcome('GT-04', 'differs'),
    outcome('GT-04', 'short'),
  ]
  const verdicts = verdictsOf(outcomes, 'GT')
  assert.is(verdicts['GT-01'], 'failed')
  assert.is(verdicts['GT-02'], 'failed')
  assert.is(verdicts['GT-03'], 'passed')
  assert.is(verdicts['GT-04'], 'short')
  assert.is(verdicts['GT-05'], 'not-applicable')
})

test('only what was chosen is counted', () => {
  const outcomes = [outcome('GT-01 BR-01', 'passed')]
  assert.equal(Object.keys(verdictsOf(outcomes, 'GT-01')), ['GT-01'])
  assert.equal(
    tally(outcomes, () => false),
    [],
  )
})

test('what was not tried says why: for itself, because of its cases, or because they take long', () => {
  const sections = tally([outcome('GT-01', 'not-applicable', 'no trees here')], () => true)
  const why = new Map(sections.flatMap(({ requirements }) => requirements).map((each) => [each.id, each.why]))
  assert.is(why.get('GT-01'), 'no trees here')
  assert.match(why.get('DIG-10') ?? '', /SHA256TREE/)
  assert.match(why.get('GT-02') ?? '', /--slow/)
})

test('the table counts by section and in all, and tells of each that did not pass', () => {
  const outcomes = [
    outcome('GT-01', 'passed'),
    outcome('GT-02', 'failed', 'the root is missing'),
    outcome('GT-02', 'passed'),
    outcome('GT-06', 'differs', 'twice'),
  ]
  const text = table(tally(outcomes, (id) => /^GT-0[126]/.test(id)))
  const [head, rule, row, all, blank, ...remarks] = text.split('\n')
  assert.match(head ?? '', /section +\| ids \| passed \| failed \| short \| differs \| not tried/)
  assert.match(rule ?? '', /^\| -+ \| -+: \|/)
  assert.match(row ?? '', /7 {2}GetTree +\| +3 \| +1 \| +1 \| +– \| +1 \| +– \|/)
  assert.match(all ?? '', /all +\| +3 \|/)
  assert.is(blank, '')
  assert.equal(
    remarks.map((line) => line.trim()),
    ['GT-02   M  failed: GT-02 failed', 'the root is missing', 'GT-06   D  differs: GT-06 differs', 'twice'],
  )
  assert.is(new Set([head, rule, row, all].map((line) => line?.length)).size, 1, 'the columns are not under each other')
})

test.run()
