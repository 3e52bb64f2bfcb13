import { reapi } from '@gorego/core'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { actionStages } from '../metrics/action-stages.js'
import { executionPhases, exitCodeOf } from './execution-phases.js'

const at = (seconds: number) => reapi.timestampFromMillis(1000 * seconds)
const metadata = new reapi.ExecutedActionMetadata()
  .setInputFetchStartTimestamp(at(1))
  .setInputFetchCompletedTimestamp(at(2))
  .setExecutionStartTimestamp(at(3))
  .setExecutionCompletedTimestamp(at(7))
const result = new reapi.ActionResult().setExitCode(3).setExecutionMetadata(metadata).serializeBinary()

test('what a result says of its times is read without the rest', () => {
  assert.equal(executionPhases(result, false), { exitCode: 3, periods: { stage: [1000, 2000], run: [3000, 7000] } })
  assert.equal(executionPhases(result, true), { exitCode: 3, periods: {} })
  assert.is(exitCodeOf(result), 3)
  assert.equal(actionStages(result), { stage: 1, run: 4 })
})

test('a number where metadata should be, as another server may send it, is no metadata', () => {
  const odd = Buffer.from([4 * 8, 1, 9 * 8, 5])
  assert.equal(executionPhases(odd, false), { exitCode: 1, periods: {} })
  assert.equal(executionPhases(odd, true), { exitCode: 1, periods: {} })
  assert.equal(actionStages(odd), {})
})

test.run()
