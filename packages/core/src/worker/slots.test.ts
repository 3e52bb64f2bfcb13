import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { NodeProperties, UInt32Value } from '../proto/messages.js'
import { until } from '../testing/until.js'
import { WorkerRig } from '../testing/worker-rig.js'

let rig: WorkerRig
test.before(async () => {
  process.env.GOREGO_TEST_SECRET = 'secret'
  rig = await WorkerRig.open({ slots: 2 })
})
test.after(async () => {
  delete process.env.GOREGO_TEST_SECRET
  assert.equal(await rig.close(), [])
})

/** Runs until a file is there. */
const waitFor = (path: string) => `while [ ! -e ${path} ]; do sleep 0.01; done`

test('CM-13 scripts that were staged a moment ago run, many at a time: no ETXTBSY', async () => {
  const runs = Array.from({ length: 50 }, async (_, n) => {
    const script = { content: `#!/bin/sh\necho ${n} "$@"\n`, executable: true }
    return await rig.run({ argv: ['./script', 'argument'], inputs: { script } })
  })
  for (const [n, { outcome, stdout }] of (await Promise.all(runs)).entries()) {
    assert.is(outcome.failure, undefined)
    assert.is(stdout, `${n} argument\n`)
  }
  assert.is(rig.worker.runnerPids.length, 2)
})

test('CM-12 CM-13 programs that were staged a moment ago run, linked and copied, on all slots at once: no ETXTBSY', async () => {
  await using busy = await WorkerRig.open({ slots: 4 })
  const binary = readFileSync('/bin/true')
  const properties = () => new NodeProperties().setUnixMode(new UInt32Value().setValue(0o755))
  const runs = Array.from({ length: 60 }, async (_, n) => {
    // A program of its own for each, so that none is there already, executable, from another run.
    const content = n % 3 === 0 ? `#!/bin/sh\n# ${n}\n` : Buffer.concat([binary, Buffer.from(String(n))])
    const program = n % 2 === 0 ? { content, executable: true } : { content, properties: properties() }
    return await busy.run({ argv: ['bin/program'], inputs: { bin: { directory: { program } } } })
  })
  for (const { outcome, result } of await Promise.all(runs)) {
    assert.equal([outcome.failure, result.getExitCode()], [undefined, 0])
  }
  assert.is(busy.worker.runnerPids.length, 4)
})

test('no more actions run at a time than there are slots, and as many', async () => {
  const log = rig.path('log')
  const [gate, started] = [rig.path('gate'), () => readFileSync(log, 'utf8').split('\n').length - 1]
  writeFileSync(log, '')
  const runs = Array.from({ length: 6 }, (_, n) =>
    rig.sh(`echo start >> ${log}; ${waitFor(gate)}; echo end >> ${log}`, { salt: `${n}` }),
  )
  await until('two actions', () => started() === 2)
  writeFileSync(gate, '')
  await Promise.all(runs)
  let running = 0
  for (const line of readFileSync(log, 'utf8').trimEnd().split('\n')) {
    running += line === 'start' ? 1 : -1
    assert.ok(running <= 2)
  }
  assert.is(started(), 12)
})

test('a slot is free for the next action before the result of the last one is put away', async () => {
  await using one = await WorkerRig.open({ slots: 1 })
  const events: string[] = []
  let next: Promise<unknown> | undefined
  const onFreed = () => {
    events.push('freed')
    next = one.sh('echo second').then(({ stdout }) => events.push(stdout.trim()))
  }
  await one.sh('echo first', {}, { onFreed }).then(({ stdout }) => events.push(stdout.trim()))
  await next
  assert.equal(events, ['freed', 'first', 'second'])
})

test('CM-03 neither the runner nor what starts its commands has variables that an action could read', async () => {
  const { stdout } = await rig.sh('tr "\\0" "\\n" < /proc/$PPID/environ')
  for (const environment of [stdout, readFileSync(`/proc/${rig.worker.runnerPids[0]}/environ`, 'latin1')]) {
    assert.not.match(environment, 'secret')
    assert.not.match(environment, 'HOME=')
  }
})

test('a worker that never ran anything stops', async () => {
  assert.equal(await (await WorkerRig.open({ slots: 2 })).close(), [])
})

test('a worker needs a slot', async () => {
  for (const slots of [0, -1, 1.5, Number.NaN]) {
    try {
      await WorkerRig.open({ slots })
      assert.unreachable()
    } catch (error) {
      assert.match(String(error), /one slot or more/)
    }
  }
})

test('a runner that cannot be started is an error, with what it said', async () => {
  const program = join(mkdtempSync(join(tmpdir(), 'gorego-')), 'runner.mjs')
  writeFileSync(program, 'console.error("no such luck"); process.exit(9)')
  await using rig = await WorkerRig.open({ slots: 1, runner: program })
  for (const salt of ['first', 'second']) {
    const { failure } = (await rig.sh('exit 0', { salt })).outcome
    assert.is(failure?.code, 'internal')
    assert.match(failure?.message ?? '', /exit code 9: no such luck/)
  }
  rmSync(join(program, '..'), { recursive: true })
})

test('a build root on another file system: inputs are copied, outputs too', async () => {
  const parent = otherFileSystem()
  if (parent === undefined) return
  const buildRoot = mkdtempSync(join(parent, 'gorego-'))
  const rig = await WorkerRig.open({ slots: 1, buildRoot })
  const { stdout, result, outcome } = await rig.sh(
    'pwd; stat -c "%h %a %Y" data tool; ./tool > out; cp data dir/copy',
    {
      inputs: {
        data: 'data',
        tool: { content: '#!/bin/sh\necho tool\n', executable: true },
        dir: { directory: {} },
      },
      outputPaths: ['out', 'dir', 'data', 'tool'],
    },
  )
  assert.is(outcome.failure, undefined)
  const [cwd, ...stats] = stdout.trimEnd().split('\n')
  assert.ok(cwd?.startsWith(buildRoot))
  assert.equal(stats, ['1 444 946684800', '1 555 946684800'])
  const texts = await Promise.all(result.getOutputFilesList().map((file) => rig.text(file.getDigest())))
  assert.equal(texts.sort(), ['#!/bin/sh\necho tool\n', 'data', 'tool\n'])
  assert.equal(await rig.close(), [])
  assert.equal(readdirSync(buildRoot), [])
  rmSync(buildRoot, { recursive: true })
})

function otherFileSystem(): string | undefined {
  const candidates = ['/dev/shm', '/run/shm'].filter((path) => existsSync(path))
  return candidates.find((path) => statSync(path).dev !== statSync(tmpdir()).dev)
}

test.run()
