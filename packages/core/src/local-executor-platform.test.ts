import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { ExecutionError } from './embed/run-result.js'
import { LocalExecutor } from './local-executor.js'
import { type LogFields, silentLogger } from './observe/index.js'
import { temporaryDirectory } from './testing/temporary-directory.js'

const TRUE = { argv: ['/bin/true'] }

async function codeOf(run: Promise<unknown>): Promise<string> {
  try {
    await run
    return 'ran'
  } catch (error) {
    assert.instance(error, ExecutionError, String(error))
    return (error as ExecutionError).code
  }
}

test('EX-09, PL-01: an action for another platform is refused, one for this one runs', async () => {
  using directory = temporaryDirectory()
  const ignored: LogFields[] = []
  const logger = { ...silentLogger, warn: (_: string, fields: LogFields = {}) => void ignored.push(fields) }
  const options = { root: directory.path, concurrency: 1, logger, platform: { gpu: ['a100', 'any'], rack: '7' } }
  await using executor = await LocalExecutor.open(options)
  const OSFamily = process.platform === 'darwin' ? 'macos' : process.platform
  for (const [platform, expected] of [
    [{ OSFamily, gpu: ['any', 'a100'], rack: '7' }, 'ran'],
    [{ Pool: 'default' }, 'ran'],
    [{ OSFamily: 'plan9' }, 'failed-precondition'],
    [{ gpu: ['any', 'h100'] }, 'failed-precondition'],
    [{ colour: 'blue' }, 'failed-precondition'],
  ] as const) {
    assert.is(await codeOf(executor.run({ ...TRUE, platform })), expected, JSON.stringify(platform))
  }
  assert.equal(ignored, [{ property: 'Pool', value: 'default' }])
})

test('PL-01: unless the policy is another', async () => {
  using directory = temporaryDirectory()
  for (const [platformPolicy, expected] of [
    ['strict', ['failed-precondition', 'failed-precondition']],
    ['lenient', ['ran', 'ran']],
  ] as const) {
    await using executor = await LocalExecutor.open({ root: directory.path, concurrency: 1, platformPolicy })
    const outcomes = [{ Pool: 'x' }, { colour: 'blue' }].map((platform) => codeOf(executor.run({ ...TRUE, platform })))
    assert.equal(await Promise.all(outcomes), [...expected])
  }
})

test.run()
