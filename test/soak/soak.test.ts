import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { soak } from './soak.js'

/** A run that did not see one of these shows nothing. */
const SEEN = ['acknowledged actions', 'evictions', 'commands that left daemons', 'scrapes of the metrics']

/** Whether memory grows takes minutes to tell: that is for `npm run soak`. */
for (const frontEnds of [1, 2]) {
  test(`a server with ${frontEnds} front end(s) under everything at once leaves nothing, and nothing goes wrong`, async () => {
    const { numbers, problems, courses } = await soak({
      seconds: 6,
      isEnough: (numbers) => SEEN.every((what) => (numbers[what] ?? 0) > 0),
      seed: 20_261_124,
      frontEnds,
      maxBytes: 20_000_000,
      log: () => {},
    })
    assert.equal(problems, [])
    for (const what of SEEN) {
      assert.ok((numbers[what] ?? 0) > 0, `it shows nothing: there are no ${what}`)
    }
    for (const [what, { after }] of Object.entries(courses)) assert.ok(after > 0, `nothing is known of the ${what}`)
  })
}

test('with a cache behind that is killed and comes back, all that was acknowledged gets there in the end', async () => {
  const seen = [...SEEN, 'kills of the cache behind']
  const { numbers, problems } = await soak({
    seconds: 6,
    isEnough: (numbers) => seen.every((what) => (numbers[what] ?? 0) > 0),
    seed: 20_261_130,
    frontEnds: 1,
    backing: true,
    maxBytes: 20_000_000,
    log: () => {},
  })
  assert.equal(problems, [])
  for (const what of [...seen, 'blobs that were looked for behind', 'results that were looked for behind']) {
    assert.ok((numbers[what] ?? 0) > 0, `it shows nothing: there are no ${what}`)
  }
  assert.is(numbers['stored in the cache behind, dropped'], 0)
})

test.run()
