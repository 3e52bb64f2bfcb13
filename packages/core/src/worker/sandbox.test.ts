// What an action in bubblewrap sees, and what it leaves; and what is the same with and without.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { dirname, join } from 'node:path'
import { debianProgram } from '@gorego/test-setup/debian-program'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { enoughTime } from '../testing/enough-time.js'
import { isRunning } from '../testing/is-running.js'
import { temporaryDirectory } from '../testing/temporary-directory.js'
import { until } from '../testing/until.js'
import { whyNoBubblewrap } from '../testing/why-no-bubblewrap.js'
import { WorkerRig } from '../testing/worker-rig.js'

/** For `sleep`: seconds that no other run of these tests sleeps. */
const seconds = (n: number) => `${n}.${process.pid}`

/** The processes of whoever runs this whose command line has a word in it. */
function running(word: string): string[] {
  return readdirSync('/proc').filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').includes(word)
    } catch {
      return false
    }
  })
}

/** Of a sandbox that is kept for the next action, or made for each of them: whoever is in it sees no difference. */
function everySandbox(kept: boolean): void {
  const way = kept ? 'kept' : 'for one action'
  let rig: WorkerRig
  test.before(async () => {
    rig = await WorkerRig.open({}, [], kept)
  })
  test.after(async () => {
    assert.equal(await rig.close(), [])
  })

  test(`CM-12 the input root is at /build, to be written to, and outputs are taken from there (${way})`, async () => {
    const { stdout, result } = await rig.sh('pwd; cat ../in; mkdir o; cat ../in > o/f; chmod 700 o', {
      inputs: { in: 'input\n', w: { directory: {} } },
      workingDirectory: 'w',
      outputPaths: ['o'],
    })
    assert.is(stdout, '/build/w\ninput\n')
    assert.is(result.getOutputDirectoriesList().length, 1)
    // One slot, the next action.
    assert.is((await rig.sh('ls -A /build')).stdout, '')
  })

  test(`of the machine there are programs, to be read only; no home, no cache, nobody else (${way})`, async () => {
    const { stdout } = await rig.sh(
      'ls -A /; for d in / /usr /etc /build/.. /dev/..; do touch $d/x 2>/dev/null && echo $d; done; :',
    )
    const seen = stdout.trimEnd().split('\n')
    for (const there of ['build', 'dev', 'etc', 'proc', 'tmp', 'usr', 'var']) assert.ok(seen.includes(there), there)
    for (const not of ['home', 'root', 'run', 'srv', 'mnt', 'sys', '/', '/usr', '/etc', '/build/..']) {
      assert.not(seen.includes(not), not)
    }
    const { stdout: paths } = await rig.sh(
      `ls ${rig.directory} ${process.cwd()} /home /root 2>/dev/null; cat /proc/mounts`,
    )
    assert.not(
      paths.split('\n').some((line) => line.startsWith('store')),
      paths,
    )
  })

  test(`a program that the sandbox does not show is refused by that name (${way})`, async () => {
    using elsewhere = temporaryDirectory()
    const tool = join(elsewhere.path, 'tool')
    writeFileSync(tool, '#!/bin/sh\necho tool\n', { mode: 0o755 })
    const { outcome } = await rig.run({ argv: [tool] })
    assert.is(outcome.failure?.code, 'invalid-argument')
    assert.match(outcome.failure?.message ?? '', /sandbox does not show.*execution\.sandbox_mounts/)
    const byPath = await rig.run({ argv: ['tool'], env: [['PATH', `${elsewhere.path}:/usr/bin`]] })
    assert.match(byPath.outcome.failure?.message ?? '', /sandbox does not show/)
    // Where the PATH goes on to one that is shown, that is meant.
    writeFileSync(join(elsewhere.path, 'true'), '#!/bin/sh\nexit 9\n', { mode: 0o755 })
    const found = await rig.run({ argv: ['true'], env: [['PATH', `${elsewhere.path}:/usr/bin:/bin`]] })
    assert.is(found.result.getExitCode(), 0)
  })

  test(`/tmp is its own, on disk, and empty for the next one (${way})`, async () => {
    const { stdout } = await rig.sh(
      'echo mine > /tmp/f; mkdir -m 0 /tmp/d; ls /tmp /var/tmp; stat -c %a /tmp; stat -f -c %T /tmp',
    )
    assert.match(stdout, /^\/tmp:\nd\nf\n\n\/var\/tmp:\nd\nf\n1777\n/)
    assert.not.match(stdout, /tmpfs/)
    assert.is((await rig.sh('ls -A /tmp; chmod 0 /tmp')).stdout, '')
    assert.is((await rig.sh('ls -A /tmp; stat -c %a /tmp')).stdout, '1777\n')
  })

  test(`CM-03 the variables of the Command reach it, no others, and nothing that starts it (${way})`, async () => {
    const env = [
      ['A', 'b'],
      ['LD_PRELOAD', '/no/such/library.so'],
      ['PATH', '/usr/bin'],
    ] as const
    const { stdout, stderr } = await rig.run({ argv: ['/usr/bin/env', '-0'], env })
    assert.is(stdout, 'A=b\0LD_PRELOAD=/no/such/library.so\0PATH=/usr/bin\0')
    // Each program says once that it cannot load it: only one ran with it.
    assert.is(stderr.split('\n').filter(Boolean).length, 1, stderr)
  })

  test(`it sees its own processes and no others, and holds no descriptor but its three (${way})`, async () => {
    const { stdout } = await rig.sh(
      'set -- /proc/[0-9]*; echo $#; ls /proc/self/fd | tr "\\n" " "; cat /proc/1/environ 2>/dev/null; readlink /proc/1/fd/6 /proc/1/exe; grep CapEff /proc/self/status',
    )
    // The first process and the shell; 3 is ls reading.
    assert.is(stdout, '2\n0 1 2 3 CapEff:\t0000000000000000\n')
  })

  test(`what would stay unseen for the next action, or leads out of it, it cannot ask for (${way})`, async () => {
    const [setxattr, keyctl, uring] = process.arch === 'arm64' ? [5, 219, 425] : [188, 250, 425]
    const { stdout, stderr } = await rig.sh(`perl -e '
      use Errno;
      sub told { print "$_[0] ", (grep { $!{$_} } qw(EOPNOTSUPP ENOSYS EAFNOSUPPORT ENOTTY))[0] || $!+0, "\n" }
      my ($path, $value, $flags) = ("/build", "v", pack("L8", 64));
      for ("system.posix_acl_default", "user.x") { my $name = $_; syscall(${setxattr}, $path, $name, $value, 1, 0); told($name) }
      syscall(${keyctl}, 0, -4, 1); told("key");
      syscall(${uring}, 1, 0); told("io_uring");
      socket(my $s, 40, 1, 0); told("vsock");
      sysopen(my $d, "/tmp", 0);
      ioctl($d, $_, $flags) or told("flags") for (0x40086602, 0x401c5820)'`)
    const refused = ['system.posix_acl_default EOPNOTSUPP', 'user.x EOPNOTSUPP', 'key ENOSYS', 'io_uring ENOSYS']
    assert.equal(
      stdout.trimEnd().split('\n'),
      [...refused, 'vsock EAFNOSUPPORT', 'flags ENOTTY', 'flags ENOTTY'],
      stderr,
    )
  })

  test(`it has no power over the machine, nor gets any, whoever runs it (${way})`, async () => {
    const { stdout } = await rig.sh(
      `grep -E "^(Cap|NoNewPrivs)" /proc/self/status
       for setting in /proc/sys/kernel/core_pattern /proc/sys/vm/drop_caches /proc/sysrq-trigger; do
         (exec 3>> $setting) 2>/dev/null && echo $setting
       done
       mount -t tmpfs tmpfs /tmp 2>/dev/null && echo mounted; hostname other 2>/dev/null && echo named; :`,
    )
    const none = ['CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb'].map((name) => `${name}:\t0000000000000000\n`)
    assert.is(stdout, `${none.join('')}NoNewPrivs:\t1\n`)
  })

  test(`the exit code and the signal are the command’s own, however like a signal’s the code is (${way})`, async () => {
    for (const code of [0, 1, 127, 139, 255]) {
      assert.is((await rig.sh(`exit ${code}`)).result.getExitCode(), code)
    }
    for (const [signal, number] of [
      ['SEGV', 11],
      ['KILL', 9],
      ['TERM', 15],
    ] as const) {
      const { result, outcome } = await rig.sh(`kill -${signal} $$`)
      assert.is(result.getExitCode(), 128 + number)
      assert.match(outcome.message ?? '', new RegExp(`ended by signal SIG${signal}`))
    }
    const { outcome } = await rig.run({ argv: ['./none'] })
    assert.is(outcome.failure?.code, 'invalid-argument')
    assert.match(outcome.failure?.message ?? '', /does not exist/)
  })

  test(`EX-12 TERM first, so that it can end as it likes; then KILL, and nobody is left (${way})`, async () => {
    const script = 'trap "echo told; exit 3" TERM; echo up; while :; do sleep 0.05; done'
    const attempt = (timeoutMs: number) => rig.sh(script, {}, { timeoutMs })
    const { outcome, stdout, result } = await enoughTime(1500, attempt, (ran) => ran.stdout !== '')
    assert.is(outcome.failure?.code, 'deadline-exceeded')
    assert.equal([stdout, result.getExitCode()], ['up\ntold\n', 3])
    const ignoring = `trap "" TERM; echo deaf; sleep ${seconds(61)} & while :; do sleep ${seconds(61)}; done`
    const attemptDeaf = (timeoutMs: number) => rig.sh(ignoring, {}, { timeoutMs })
    const deaf = await enoughTime(300, attemptDeaf, (ran) => ran.stdout !== '')
    assert.is(deaf.outcome.failure?.code, 'deadline-exceeded')
    assert.is(deaf.result.getExitCode(), 128 + 9)
    assert.equal(running(seconds(61)), [])
  })

  test(`EX-11 an action that is cancelled before the sandbox is there ends at once (${way})`, async () => {
    const controller = new AbortController()
    const ran = rig.sh(`exec sleep ${seconds(62)}`, {}, { signal: controller.signal })
    setImmediate(() => controller.abort())
    assert.is((await ran).outcome.failure?.code, 'cancelled')
    assert.equal(running(seconds(62)), [])
  })

  test(`CM-09 what it leaves running ends with it, whatever session it is in; it cannot end what keeps it (${way})`, async () => {
    await rig.sh(
      `setsid sleep ${seconds(63)} & (setsid sh -c "exec sleep ${seconds(63)}" &) ; kill -9 $PPID 1 0 2>/dev/null; :`,
    )
    assert.equal(running(seconds(63)), [])
    const { outcome, stdout } = await rig.sh('kill -9 $PPID; kill -9 1; echo there')
    assert.equal([outcome.failure, stdout], [undefined, 'there\n'])
  })

  test(`a sandbox ends with its runner (${way})`, async () => {
    const own = await WorkerRig.open({}, [], kept)
    const ran = own.sh(`exec sleep ${seconds(64)}`)
    await until('the command', () => running(seconds(64)).length > 0)
    const pids = running(seconds(64)).map(Number)
    assert.equal(await own.close(), [])
    await ran
    for (const pid of pids) assert.not(isRunning(pid))
  })

  test(`CM-12 an input that it writes to all the same is found out (${way})`, async () => {
    const inputs = { in: `tampering ${Math.random()}` }
    const { outcome } = await rig.sh('chmod u+w in && echo altered > in', { inputs })
    assert.is(outcome.failure?.code, 'failed-precondition')
  })

  test(`no network but its own, unless it asks (${way})`, async () => {
    const server = createServer((socket) => socket.end('hello')).listen(0, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
    const { port } = server.address() as { port: number }
    try {
      const script = `const net = require('node:net')
        net.connect(${port}, '127.0.0.1').on('error', (e) => console.log(e.code)).on('data', (b) => console.log(String(b)))`
      const argv = [process.execPath, '-e', script]
      const mounted = await WorkerRig.open(
        {},
        process.execPath.startsWith('/usr/') ? [] : [dirname(process.execPath)],
        kept,
      )
      assert.is((await mounted.run({ argv })).stdout, 'ECONNREFUSED\n')
      assert.is((await mounted.run({ argv }, { network: true })).stdout, 'hello\n')
      const itself = `const s = require('node:net').createServer((c) => c.end()).listen(0, '127.0.0.1', () =>
        require('node:net').connect(s.address().port, '127.0.0.1').on('connect', () => process.exit(7)))`
      assert.is((await mounted.run({ argv: [process.execPath, '-e', itself] })).result.getExitCode(), 7)
      assert.equal(await mounted.close(), [])
    } finally {
      server.close()
    }
  })

  test(`what it used is told (${way})`, async () => {
    const own = await WorkerRig.open({ policy: { reportResources: true } }, [], kept)
    const { outcome } = await own.sh('n=0; while [ $n -lt 100000 ]; do n=$((n+1)); done')
    assert.ok((outcome.resources?.userCpuMs ?? 0) > 0, JSON.stringify(outcome.resources))
    assert.ok((outcome.resources?.peakMemoryBytes ?? 0) > 500_000)
    assert.equal(await own.close(), [])
  })
}

debianProgram('bwrap', 'bubblewrap')
const whyNot = await whyNoBubblewrap()
if (whyNot !== undefined) {
  console.log(`SKIP sandbox: ${whyNot}`)
} else {
  everySandbox(true)
  everySandbox(false)
}

test.run()
