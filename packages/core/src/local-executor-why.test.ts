import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { content, file } from './embed/inputs.js'
import type { RunOptions } from './embed/run-options.js'
import { GoregoError } from './errors/index.js'
import { LocalExecutor } from './local-executor.js'
import { executorFor } from './testing/executor-for.js'

const { executor, path } = await executorFor(test)

const run = (name: string, options: Partial<RunOptions> = {}, by = executor) =>
  by.run({ name, argv: ['/bin/sh', '-c', 'cat in/*; true', 'x'], ...options })

/** The reason, and what is different in words. */
async function why(name: string, by = executor): Promise<string> {
  const { reason, comparison } = await by.why(name)
  const { differences, truncated, unknown } = comparison
  assert.equal([truncated, unknown], [false, []])
  return [reason, ...differences.map(({ kind, subject }) => `${kind} ${subject}`.trim())].join(', ')
}

test('the file, argument and variable that are not what they were', async () => {
  const source = path('source.ts')
  const inputs = { 'in/source.ts': file(source), 'in/same': content('same') }
  writeFileSync(source, 'one')
  const first = await run('compile', { inputs })
  assert.is(await why('compile'), 'first')
  writeFileSync(source, 'two!')
  const second = await run('compile', { inputs })
  assert.is(await why('compile'), 'changed, input in/source.ts')
  const explanation = await executor.why('compile')
  assert.ok(explanation.action.equals(second.action) && explanation.previous?.equals(first.action))
  assert.equal([explanation.name, explanation.ranAt], ['compile', second.endedAt])
  await run('compile', { inputs, env: { MODE: 'release' }, argv: ['/bin/sh', '-c', 'cat in/*; exit', 'y'] })
  assert.is(await why('compile'), 'changed, argument 2, argument 3, variable MODE')
})

test('what comes from the cache does not run: what ran before it is explained, and what runs next is compared with it', async () => {
  await run('cached', { salt: 'a' })
  assert.is(await why('cached'), 'first')
  await run('cached', { salt: 'a' })
  assert.is(await why('cached'), 'first')
  await run('cached', { salt: 'b' })
  await run('cached', { salt: 'a' })
  assert.is(await why('cached'), 'changed, salt')
  await run('cached', { salt: 'c' })
  const { previous } = await executor.why('cached')
  assert.ok(
    previous?.equals((await executor.wouldHit({ argv: ['/bin/sh', '-c', 'cat in/*; true', 'x'], salt: 'a' })).action),
  )
  await run('other name', { salt: 'a' })
  assert.is(await why('other name'), 'cached')
})

test('the same action again: it failed, or was to run in any case', async () => {
  for (const _ of [1, 2]) await run('fails', { argv: ['/bin/sh', '-c', 'exit 3'] })
  assert.is(await why('fails'), 'unchanged')
  for (const _ of [1, 2]) await run('refreshed', { refresh: true, salt: 'refreshed' })
  assert.is(await why('refreshed'), 'unchanged')
})

test('two at one time that are merged are one run', async () => {
  const both = [1, 2].map(() => run('merged', { argv: ['/bin/sh', '-c', 'sleep 0.1'] }))
  assert.equal(
    (await Promise.all(both)).map(({ cached }) => cached),
    [false, false],
  )
  assert.is(await why('merged'), 'first')
})

test('the nodes of a graph have their names', async () => {
  for (const text of ['one', 'two']) {
    const graph = executor.graph()
    graph.add('strip', { argv: ['/bin/cat', 'in'], inputs: { in: content(text) } })
    graph.add('named', { name: 'otherwise', argv: ['/bin/cat', 'in'], inputs: { in: content(text) } })
    await graph.run()
  }
  assert.is(await why('strip'), 'changed, input in')
  assert.is(await why('otherwise'), 'changed, input in')
})

test('another process, and one that just exits, know and are known', async () => {
  const root = path('shared')
  const fixture = fileURLToPath(new URL('../test/fixtures/runs-by-name.ts', import.meta.url))
  const inProcess = async (text: string) => {
    const child = spawn(process.execPath, [...process.execArgv, fixture, root, text], { stdio: 'inherit' })
    assert.equal(await once(child, 'close'), [0, null])
  }
  await inProcess('one')
  await using own = await LocalExecutor.open({ root, concurrency: 1 })
  assert.is(await why('shared', own), 'first')
  await inProcess('two')
  assert.is(await why('shared', own), 'changed, input in/text')
})

test('what was evicted meanwhile cannot be compared, which is said', async () => {
  const { action } = await run('evicted', { salt: 'before' })
  await run('evicted', { salt: 'after' })
  executor.localStore.discard(action)
  const { reason, comparison } = await executor.why('evicted')
  assert.is(reason, 'changed')
  assert.is(comparison.unknown.length, 1)
  assert.match(comparison.unknown[0] ?? '', /cannot be compared any more.*not/)
})

test('a name under which nothing has run', async () => {
  const error = await executor.why('nowhere').catch((thrown) => thrown)
  assert.instance(error, GoregoError)
  assert.is(error.code, 'not-found')
  assert.match(error.message, `nothing that was called "nowhere" has run below ${path('root')}, hashed with sha256`)
})

test.run()
