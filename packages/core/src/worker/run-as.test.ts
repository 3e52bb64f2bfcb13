// Actions that are run by somebody else than the worker, which only root can have.
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { debianProgram } from '@gorego/test-setup/debian-program'
import { type Test, test } from 'uvu'
import * as assert from 'uvu/assert'
import { LocalStore } from '../cas/index.js'
import { Digest, SHA256 } from '../digest/index.js'
import { GoregoError } from '../errors/index.js'
import { LocalExecutor } from '../local-executor.js'
import { NodeProperties, UInt32Value } from '../proto/messages.js'
import { enoughTime } from '../testing/enough-time.js'
import { isRunning } from '../testing/is-running.js'
import { until } from '../testing/until.js'
import { whyNoBubblewrap } from '../testing/why-no-bubblewrap.js'
import { WorkerRig } from '../testing/worker-rig.js'
import { openIsolation } from './open-isolation.js'
import { runnerProgram } from './runner-program.js'

const isRoot = process.geteuid?.() === 0

interface Way {
  readonly launcher: 'auto' | 'node'
  readonly sandbox: 'bubblewrap' | 'none'
}

/** For others to pass through, as a directory for a server is; the one for temporary files need not be such. */
async function open({ launcher, sandbox: choice }: Way, slots = 2): Promise<WorkerRig> {
  const directory = mkdtempSync(join(tmpdir(), 'gorego-rig-'))
  for (const path of [tmpdir(), directory]) chmodSync(path, statSync(path).mode | 0o011)
  const store = await LocalStore.open({ dir: join(directory, 'store') })
  const isolation = await openIsolation({ store, choice, runAs: 'unprivileged' })
  assert.is((isolation.sandbox === undefined) === (choice === 'none'), true)
  return WorkerRig.around(directory, store, { slots, launcher, ...isolation })
}

const digestOf = (text: string) => Digest.ofBytes(SHA256, Buffer.from(text))

function everyWay(way: Way, test: Test): void {
  const { launcher, sandbox } = way
  const name = `${launcher === 'auto' ? 'native' : 'node'}, ${sandbox}`
  const check = (what: string, body: (rig: WorkerRig) => Promise<void>) =>
    test(`${name}: ${what}`, async () => {
      const rig = await open(way)
      try {
        await body(rig)
      } finally {
        assert.equal(await rig.close(), [])
      }
    })

  check('an action is run by nobody else, without groups, and can gain nothing', async (rig) => {
    const { stdout } = await rig.sh(
      'id -u; id -g; id -G; grep NoNewPrivs /proc/self/status; grep CapEff /proc/self/status',
    )
    const [uid, gid, groups, privileges, capabilities] = stdout.trim().split('\n')
    assert.ok(Number(uid) >= 1_879_048_192, stdout)
    assert.is(gid, uid)
    assert.is(groups, gid)
    if (launcher === 'auto') assert.match(privileges ?? '', /1$/)
    assert.match(capabilities ?? '', /\t0+$/)
  })

  check('it writes where it should, and its outputs become the store’s own', async (rig) => {
    const inputs = { a: { directory: { in: 'in' } }, a2: { content: '#!/bin/sh\necho run', executable: true } }
    const script =
      'cat a/in; ./a2; echo x > new; echo y > a/new; mkdir -p o/deep; echo z > o/deep/f; echo q > made/for/it; chmod 0700 o/deep/f; echo e > /dev/stderr'
    const { outcome, result, stdout, stderr } = await rig.sh(script, {
      inputs,
      outputPaths: ['new', 'a/new', 'o', 'made/for/it'],
    })
    assert.is(outcome.failure, undefined, outcome.failure?.message)
    assert.is(result.getExitCode(), 0, stderr)
    assert.is(stdout, 'inrun\n')
    assert.is(stderr, 'e\n')
    assert.is(result.getOutputFilesList().length, 3)
    for (const text of ['x\n', 'y\n', 'z\n', 'q\n']) {
      const stats = statSync(rig.store.layout.blob(digestOf(text)))
      assert.equal([stats.uid, stats.gid, stats.mode & 0o777], [0, 0, 0o444], text)
    }
  })

  check('CM-12 an action cannot alter what the store has, as root’s could', async (rig) => {
    const text = `original ${launcher} ${sandbox}`
    const store = rig.store.layout.blob(digestOf(text))
    const script = `chmod 666 in && echo chmod; (echo altered > in) 2>/dev/null && echo wrote; (echo altered > ${store}) 2>/dev/null && echo by path; cat ${store} 2>/dev/null; rm -f in; echo own > in; cat in`
    const { outcome, stdout } = await rig.sh(script, { inputs: { in: text } })
    assert.is(outcome.failure, undefined, outcome.failure?.message)
    assert.is(stdout, 'own\n')
    assert.is(readFileSync(store, 'utf8'), text)
    assert.equal(await rig.store.findMissing([digestOf(text)]), [])
  })

  check('no output that was stored is written to by the next action', async (rig) => {
    const first = await rig.sh('echo output > out; chmod 777 out', { outputPaths: ['out'] })
    assert.is(first.result.getOutputFilesList().length, 1)
    const { stdout } = await rig.sh('chmod 666 in 2>/dev/null && echo altered > in; cat in', {
      inputs: { in: 'output\n' },
    })
    assert.is(stdout, 'output\n')
  })

  check('attributes of inputs are for their user', async (rig) => {
    const properties = new NodeProperties().setUnixMode(new UInt32Value().setValue(0o600))
    const inputs = { in: { content: 'text', properties } }
    const { stdout, outcome } = await rig.sh('cat in; echo more >> in; stat -c %a in; tail -c 5 in', { inputs })
    assert.is(outcome.failure, undefined, outcome.failure?.message)
    assert.is(stdout, 'text600\nmore\n')
  })

  check('what it locked is cleaned up, and the next finds its inputs', async (rig) => {
    const inputs = { d: { directory: { in: 'in', e: { directory: { f: 'f' } } } } }
    const { outcome } = await rig.sh('mkdir -p l/m; touch l/m/n; chmod 000 l/m l d/e d; chmod 000 .', { inputs })
    assert.is(outcome.failure, undefined, outcome.failure?.message)
    const { stdout } = await rig.sh('ls -a | tr "\\n" " "; cat d/in d/e/f', { inputs })
    assert.is(stdout, '. .. d inf')
  })

  check('neither other slots’ inputs nor the store are to be read', async (rig) => {
    const end = new AbortController()
    const running = rig.sh('sleep 600', { inputs: { secret: 's' } }, { signal: end.signal })
    const run = join(rig.directory, 'store', 'run')
    const secrets = () =>
      readdirSync(run)
        .flatMap((session) => [0, 1].map((n) => `${run}/${session}/slots/${n}/root/secret`))
        .filter(existsSync)
    await until('the other', () => secrets().length > 0)
    const [secret = ''] = secrets()
    const { blobs, results } = rig.store.layout
    const look = await rig.sh(`cat ${secret}; ls ${dirname(secret)} ${run} ${blobs} ${results}; true`)
    end.abort()
    await running
    assert.is(look.outcome.failure, undefined)
    assert.is(look.stdout, '')
  })

  check('EX-12 TERM reaches it, so that it can end as it likes', async (rig) => {
    const script = 'trap "echo told; exit 3" TERM; echo up; while :; do sleep 0.05; done'
    const attempt = (timeoutMs: number) => rig.sh(script, {}, { timeoutMs })
    const { outcome, stdout, result } = await enoughTime(1500, attempt, (ran) => ran.stdout !== '')
    assert.is(outcome.failure?.code, 'deadline-exceeded')
    assert.equal([stdout, result.getExitCode()], ['up\ntold\n', 3])
  })

  check('what it leaves running is ended', async (rig) => {
    const { stdout, outcome } = await rig.sh('setsid sh -c "cd /; exec sleep 600" >/dev/null 2>&1 & echo $!')
    assert.is(outcome.failure, undefined, outcome.failure?.message)
    if (sandbox === 'none') await until('the end', () => !isRunning(Number(stdout)))
    // That no other run of these tests sleeps.
    const seconds = `4242.${process.pid}`
    await rig.sh(`setsid sh -c "(cd /; exec sleep ${seconds}) >/dev/null 2>&1 &"`)
    await until('the end of the daemon', () => !runs(seconds))
  })

  check('an output that is a link to what only root may read is refused', async (rig) => {
    const secret = rig.path('secret')
    writeFileSync(secret, 'secret', { mode: 0o600 })
    // Where the system lets it, which most do not.
    const { outcome, result } = await rig.sh(`ln ${secret} out || touch none`, { outputPaths: ['out'] })
    if (outcome.failure === undefined) assert.is(result.getOutputFilesList().length, 0)
    else assert.match(outcome.failure.message, /another user/)
  })
}

function runs(argument: string): boolean {
  return readdirSync('/proc').some((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(argument)
    } catch {
      return false
    }
  })
}

if (!isRoot) {
  console.log('SKIP run-as: not root, and nobody else can have actions run as another user')
  test('who is not root is told so', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'gorego-run-as-'))
    try {
      await LocalExecutor.open({ root: directory, runAs: 'unprivileged' })
      assert.unreachable()
    } catch (error) {
      assert.match(GoregoError.from(error).message, /only root can/)
    } finally {
      rmSync(directory, { recursive: true })
    }
  })
} else {
  debianProgram('bwrap', 'bubblewrap')
  const noBubblewrap = await whyNoBubblewrap()
  const noNative = runnerProgram().launcher === undefined
  everyWay({ launcher: 'node', sandbox: 'none' }, test)
  if (noNative) console.log('SKIP run-as with the native launcher: none was built')
  else everyWay({ launcher: 'auto', sandbox: 'none' }, test)
  if (noBubblewrap !== undefined) console.log(`SKIP run-as in a sandbox: ${noBubblewrap}`)
  else everyWay({ launcher: 'auto', sandbox: 'bubblewrap' }, test)
}

if (isRoot) {
  const refused = async (runAs: string) => {
    const directory = mkdtempSync(join(tmpdir(), 'gorego-run-as-'))
    try {
      await using _ = await LocalExecutor.open({ root: directory, runAs })
      throw new Error('it was opened')
    } catch (error) {
      return GoregoError.from(error).message
    } finally {
      rmSync(directory, { recursive: true })
    }
  }

  test('a user that there is not, or that does not get to its input root, is an error that says so', async () => {
    assert.match(await refused('nobody-of-that-name'), /there is no user "nobody-of-that-name"/)
    assert.match(await refused('-u'), /there is no user "-u"/)
    assert.match(await refused('4294967295'), /there is no user/)
    const shut = mkdtempSync(join(tmpdir(), 'gorego-run-as-'))
    try {
      await LocalExecutor.open({ root: join(shut, 'root'), runAs: '65534:65534' })
      assert.unreachable()
    } catch (error) {
      assert.match(GoregoError.from(error).message, /user 65534:65534 does not get to .*: it may not pass through \//)
    } finally {
      rmSync(shut, { recursive: true })
    }
  })

  test('by default a library runs actions as whoever runs it; root can be asked for', async () => {
    for (const options of [{}, { runAs: 'root' }, { runAs: '0' }]) {
      const directory = mkdtempSync(join(tmpdir(), 'gorego-run-as-'))
      try {
        await using executor = await LocalExecutor.open({ root: directory, ...options })
        assert.is((await executor.run({ argv: ['/usr/bin/id', '-u'] })).stdout, '0\n')
      } finally {
        rmSync(directory, { recursive: true })
      }
    }
  })
}

test.run()
