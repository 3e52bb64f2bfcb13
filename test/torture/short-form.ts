import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Scenario } from './scenario.js'

/** Always the same choices: `npm run torture` makes others each time. */
const SEED = 20_261_124

/**
 * A scenario as a test of its own: few rounds, no problems, and of the numbers in `shows` none that is zero, for then it
 * would have shown nothing.
 */
export function shortForm(
  scenario: Scenario,
  { rounds, shows, seed = SEED }: { rounds: number; shows: readonly string[]; seed?: number },
): void {
  test(`${scenario.name}: ${scenario.about}`, async () => {
    const { numbers, problems } = await scenario.run({ seed, rounds, log: () => {} })
    assert.equal(problems, [])
    for (const name of shows) assert.ok((numbers[name] ?? 0) > 0, `there are no ${name}`)
  })
  test.run()
}
