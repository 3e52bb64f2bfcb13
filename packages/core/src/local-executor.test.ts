import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Digest, SHA256 } from './digest/index.js'
import { content, file, stored } from './embed/inputs.js'
import type { RunOptions } from './embed/run-options.js'
import { ExecutionError } from './embed/run-result.js'
import { GoregoError } from './errors/index.js'
import { LocalExecutor } from './local-executor.js'
import { enoughTime } from './testing/enough-time.js'
import { executorFor } from './testing/executor-for.js'
import { isRunning } from './testing/is-running.js'
import { until } from './testing/until.js'

const { executor, path } = await executorFor(test)

const sh = (script: string, options: Partial<RunOptions> = {}) =>
  executor.run({ argv: ['/bin/sh', '-c', script], ...options })

async function failure(running: Promise<unknown>): Promise<GoregoError> {
  try {
    await running
  } catch (error) {
    assert.instance(error, GoregoError, String(error))
    return error as GoregoError
  }
  return assert.unreachable('it succeeded') as never
}

async function pidIn(name: string): Promise<number> {
  await until(name, () => existsSync(path(name)) && readFileSync(path(name), 'utf8').endsWith('\n'))
  return Number(readFileSync(path(name), 'utf8'))
}

test('the example of the documentation', async () => {
  await using own = await LocalExecutor.open({ root: path('own') })
  const result = await own.run({ argv: ['/bin/echo', 'hello'] })
  assert.equal([result.exitCode, result.stdout, result.stderr, result.cached], [0, 'hello\n', '', false])
  assert.ok(result.worker.length > 0)
})

test('inputs go in, outputs come out, and the second time nothing runs', async () => {
  writeFileSync(path('host.txt'), 'from the host')
  const spec: Partial<RunOptions> = {
    inputs: { 'in/host.txt': file(path('host.txt')), 'in/text': content('text') },
    outputs: ['../out', 'missing'],
    workingDirectory: 'in',
    env: { GREETING: 'hi' },
  }
  const script = 'mkdir ../out; cat host.txt text > ../out/both; ln -s both ../out/link; echo "$GREETING"; echo e >&2'
  const first = await sh(script, spec)
  assert.equal([first.cached, first.stdout, first.stderr], [false, 'hi\n', 'e\n'])
  assert.equal([...first.outputs.keys()], ['../out'])
  const again = await sh(script, spec)
  assert.equal([again.cached, again.stdout, again.stderr], [true, 'hi\n', 'e\n'])
  assert.is(again.action.key, first.action.key)
  assert.equal(again.timings, first.timings, 'EM-03')
  writeFileSync(path('host.txt'), 'changed')
  assert.is((await sh(script, spec)).cached, false)
})

test('outputs can be written below a directory, and be inputs of another action', async () => {
  const made = await sh('mkdir -p d/e; echo deep > d/e/f; echo "echo ran" > tool; chmod +x tool; ln -s d/e/f link', {
    outputs: ['d', 'tool', 'link'],
  })
  await made.materialize(path('made'))
  assert.is(readFileSync(path('made/link'), 'utf8'), 'deep\n')
  const tool = made.outputs.get('tool')
  assert.ok(tool?.kind === 'file' && tool.executable)
  const { stdout } = await sh('./tool', { inputs: { tool: stored(tool.digest, tool) } })
  assert.is(stdout, 'ran\n')
})

test('refresh runs what is cached, and replaces the result', async () => {
  const script = `cat ${path('counter')}`
  const run = async (options?: Partial<RunOptions>) => {
    const { stdout, cached } = await sh(script, options)
    return [stdout, cached]
  }
  writeFileSync(path('counter'), '1')
  assert.equal(await run(), ['1', false])
  writeFileSync(path('counter'), '2')
  assert.equal(await run(), ['1', true])
  assert.equal(await run({ refresh: true }), ['2', false])
  assert.equal(await run(), ['2', true])
})

test('EX-16 doNotCache neither takes from the cache nor gives to it', async () => {
  for (let n = 0; n < 2; n++) assert.is((await sh('echo never kept', { doNotCache: true })).cached, false)
})

test('a command that fails is a result, and EX-17 runs again', async () => {
  for (let n = 0; n < 2; n++) {
    const { exitCode, cached } = await sh('exit 3')
    assert.equal([exitCode, cached], [3, false])
  }
})

test('EX-18 equal actions at one time run once', async () => {
  const runs = Array.from({ length: 5 }, () => sh(`echo x >> ${path('merged')}; sleep 0.1`))
  await Promise.all(runs)
  assert.is(readFileSync(path('merged'), 'utf8'), 'x\n')
})

test('many at a time: as many run as there are slots', async () => {
  writeFileSync(path('log'), '')
  const gate = path('gate')
  const runs = Array.from({ length: 6 }, (_, n) =>
    sh(`echo start >> ${path('log')}; while [ ! -e ${gate} ]; do sleep 0.01; done; echo end >> ${path('log')}`, {
      salt: String(n),
    }),
  )
  await until('two actions', () => readFileSync(path('log'), 'utf8').split('\n').length === 3)
  writeFileSync(gate, '')
  await Promise.all(runs)
  let running = 0
  for (const line of readFileSync(path('log'), 'utf8').trimEnd().split('\n')) {
    running += line === 'start' ? 1 : -1
    assert.ok(running <= 2)
  }
})

test('an abort ends the command', async () => {
  const stop = new AbortController()
  const running = sh(`echo $$ > ${path('aborted')}; exec sleep 600`, { signal: stop.signal })
  const pid = await pidIn('aborted')
  stop.abort()
  const error = await failure(running)
  assert.is(error.code, 'cancelled')
  await until('the end of the command', () => !isRunning(pid))
})

test('an abort at any moment before has the same result', async () => {
  writeFileSync(path('big'), Buffer.alloc(3_000_000))
  writeFileSync(path('small'), 'small')
  const marker = path('must not run')
  for (const name of ['big', 'small']) {
    for (let turns = 0; turns < 12; turns++) {
      const stop = new AbortController()
      const running = sh(`touch "${marker}"; exec sleep 600`, {
        signal: stop.signal,
        inputs: { [name]: file(path(name)), salt: content(String(turns)) },
        doNotCache: true,
      })
      for (let n = 0; n < turns; n++) await new Promise((resolve) => setImmediate(resolve))
      stop.abort()
      assert.is((await failure(running)).code, 'cancelled', `${name} after ${turns} turns`)
    }
  }
  const before = await failure(sh('exit 0', { signal: AbortSignal.abort('why') }))
  assert.equal([before.code, before.cause], ['cancelled', 'why'])
})

test('an abort from inside onProgress ends it at each stage', async () => {
  for (const at of ['preparing', 'cache-check', 'queued', 'executing']) {
    const stop = new AbortController()
    const running = sh('exec sleep 600', {
      signal: stop.signal,
      onProgress: ({ stage }) => stage === at && stop.abort(),
    })
    assert.is((await failure(running)).code, 'cancelled', at)
  }
})

test('one caller that aborts takes nothing from another that runs the same', async () => {
  const stop = new AbortController()
  const script = `echo $$ > ${path('shared')}; while [ ! -e ${path('shared-gate')} ]; do sleep 0.01; done; echo done`
  const [first, second] = [sh(script, { signal: stop.signal }), sh(script)]
  await pidIn('shared')
  stop.abort()
  assert.is((await failure(first)).code, 'cancelled')
  writeFileSync(path('shared-gate'), '')
  assert.is((await second).stdout, 'done\n')
})

test('progress is told in order, and shorter for what is cached', async () => {
  const stages: string[] = []
  const onProgress = ({ stage }: { stage: string }) => stages.push(stage)
  await sh('echo progress', { onProgress })
  assert.equal(stages.splice(0), ['preparing', 'cache-check', 'queued', 'executing', 'completed'])
  await sh('echo progress', { onProgress })
  assert.equal(stages, ['preparing', 'cache-check', 'completed'])
})

test('an onProgress that throws fails its own run, and no other', async () => {
  for (const at of ['preparing', 'cache-check', 'queued', 'executing', 'completed']) {
    const onProgress = ({ stage }: { stage: string }) => {
      if (stage === at) throw new TypeError(`a bug at ${at}`)
    }
    try {
      await sh(`echo ${at}`, { onProgress })
      assert.unreachable()
    } catch (error) {
      assert.is((error as Error).message, `a bug at ${at}`)
    }
    assert.is((await sh(`echo other ${at}`)).exitCode, 0)
  }
})

test('EX-12 ER-03 after a time-out the error has what there was', async () => {
  // The second time, too: it is not cached.
  for (let n = 0; n < 2; n++) {
    const attempt = async (timeoutMs: number) => {
      const running = sh('echo partial; echo made > out; exec sleep 600', { outputs: ['out'], timeoutMs })
      return (await failure(running)) as ExecutionError
    }
    const error = await enoughTime(300, attempt, ({ result }) => result?.outputs.has('out') === true)
    assert.instance(error, ExecutionError)
    assert.is(error.code, 'deadline-exceeded')
    assert.equal([error.result?.stdout, error.result?.exitCode], ['partial\n', 143])
    assert.equal([...(error.result?.outputs.keys() ?? [])], ['out'])
  }
})

test('what a command used is told, also of a cached result as it was', async () => {
  if (!existsSync('/proc/self/stat')) return
  const script = 'n=0; while [ $n -lt 200000 ]; do n=$((n+1)); done'
  const { resources } = await sh(script)
  assert.ok(resources !== undefined && resources.userCpuMs + resources.systemCpuMs > 0)
  assert.ok((resources.peakMemoryBytes ?? 0) > 100_000)
  const again = await sh(script)
  assert.ok(again.cached)
  assert.equal(again.resources, resources)
})

test('ER-05 an error has a log of what was done', async () => {
  const error = (await failure(sh('exec sleep 600', { timeoutMs: 300 }))) as ExecutionError
  const { gorego } = error.logs
  assert.ok(gorego)
  assert.match(Buffer.from(await executor.store.get(gorego)).toString(), /arguments +\["\/bin\/sh"/)
})

test('the policy of an executor holds for its actions', async () => {
  await using own = await LocalExecutor.open({ root: path('policy'), policy: { maxPrintedBytes: 1000, strict: true } })
  const flood = await failure(own.run({ argv: ['/bin/cat', '/dev/zero'] }))
  assert.is(flood.code, 'failed-precondition')
  assert.is((flood as ExecutionError).result?.stdout.length, 1000)
  assert.is((await failure(own.run({ argv: ['/bin/true'], workingDirectory: 'w' }))).code, 'invalid-argument')
})

test('what cannot be run is told', async () => {
  const error = await failure(executor.run({ argv: ['./nothing'] }))
  assert.instance(error, ExecutionError)
  assert.is(error.code, 'invalid-argument')
  assert.is((await failure(sh('exit 0', { outputs: ['../x'] }))).code, 'invalid-argument')
  const input = await failure(sh('exit 0', { inputs: { x: file(path('nowhere')) } }))
  assert.match(input.message, /nowhere cannot be read/)
})

test('an executor without a directory is told what it lacks', async () => {
  for (const root of ['', undefined]) {
    const error = await LocalExecutor.open({ root: root as string }).catch((thrown: unknown) => thrown)
    assert.instance(error, GoregoError)
    assert.match((error as GoregoError).message, /LocalExecutor\.open needs a directory as `root`/)
  }
})

test('a stored input that the store does not have is named', async () => {
  const digest = Digest.ofBytes(SHA256, Buffer.from('never stored'))
  const error = await failure(sh('exit 0', { inputs: { x: stored(digest) } }))
  assert.is(error.code, 'failed-precondition')
  assert.equal(error.details, [{ kind: 'missing-blobs', subjects: [`blobs/${digest}`] }])
})

test('CM-12 an action that writes to its inputs just succeeds, and nobody notices', async () => {
  const inputs = { in: content('to be overwritten') }
  const first = await sh('chmod +w in; echo altered > in; cat in', { inputs })
  assert.equal([first.exitCode, first.stdout], [0, 'altered\n'])
  assert.is((await sh('cat in', { inputs })).stdout, 'to be overwritten')
})

test('a blob that was removed from the disk is put there again', async () => {
  const inputs = { in: content('lost and found') }
  await sh('cat in', { inputs })
  executor.localStore.discard(Digest.ofBytes(SHA256, Buffer.from('lost and found')))
  assert.is((await sh('cat in; echo', { inputs })).stdout, 'lost and found\n')
})

test.run()
