import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { cases } from '../src/cases/index.js'
import { notApplicable } from '../src/not-applicable.js'
import { requirement, sections } from '../src/requirements/index.js'
import type { Outcome } from '../src/suite/outcome.js'
import { runCases } from '../src/suite/run-cases.js'
import { ownTarget } from '../src/target/target.js'

/** Two cores: more at once would only wait for each other. */
const WIDTH = 4

const quick = cases.filter((each) => !each.slow)
const outcomes: Outcome[] = []
let complaints: readonly unknown[] = []

// All cases are tried at once, several at a time; then each is told as a test of its own.
test.before(async () => {
  const target = await ownTarget()
  try {
    outcomes.push(...(await runCases(quick, { target, width: WIDTH })))
    // Not those of executions: a case kills the processes that run them.
    const logs = target.own?.logs ?? []
    complaints = logs.filter(({ level, operation }) => level === 'error' && operation === undefined)
  } finally {
    await target.stop()
  }
})

for (const [n, { ids, title }] of quick.entries()) {
  test(`${ids.join(', ')}: ${title}`, () => {
    const { verdict, why } = outcomes[n] ?? { verdict: 'failed', why: 'it was not tried' }
    if (verdict === 'not-applicable')
      process.stdout.write(`SKIP ${ids.join(' ')} ${title.replaceAll(':', '')}: ${why}\n`)
    else assert.is(verdict, 'passed', why)
  })
}

test('GEN-06: what clients do wrong is not logged as an error of ours', () => {
  assert.equal(complaints, [])
})

test('every requirement has a case, or a reason why not', () => {
  const tried = new Set(cases.flatMap(({ ids }) => ids))
  const all = sections.flatMap(({ requirements }) => requirements.map(({ id }) => id))
  assert.equal(
    all.filter((id) => !tried.has(id) && notApplicable[id] === undefined),
    [],
  )
  assert.equal(new Set(all).size, all.length, 'an id is there twice')
  for (const id of Object.keys(notApplicable)) assert.ok(requirement(id))
})

test.run()
