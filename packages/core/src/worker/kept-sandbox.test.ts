// One sandbox for one action after the other: nothing that one of them did is there for the next.
import { readFileSync } from 'node:fs'
import { debianProgram } from '@gorego/test-setup/debian-program'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { openFilesOf } from '../runner/launch/process-table.js'
import { keptSandbox, keptSandboxes, parentOf } from '../testing/kept-sandboxes.js'
import { until } from '../testing/until.js'
import { whyNoBubblewrap } from '../testing/why-no-bubblewrap.js'
import { WorkerRig } from '../testing/worker-rig.js'

/** Those that stay. */
const NAMESPACES = ['net', 'uts', 'user'] as const

type Namespaces = Readonly<Record<(typeof NAMESPACES)[number], string>>

debianProgram('bwrap', 'bubblewrap')
const whyNot = await whyNoBubblewrap()
if (whyNot !== undefined) {
  console.log(`SKIP kept-sandbox: ${whyNot}`)
} else {
  let rig: WorkerRig
  test.before(async () => {
    rig = await WorkerRig.open({}, [])
  })
  test.after(async () => {
    assert.equal(await rig.close(), [])
  })

  /** For actions that must not be the same one twice. */
  let number = 0
  const sh = async (script: string) => await rig.sh(`: ${number++}; ${script}`)

  const ends = async (script: string) => {
    const { result, stderr } = await sh(script)
    assert.is(result.getExitCode(), 0, stderr)
  }

  const namespaces = async (): Promise<Namespaces> => {
    const links = NAMESPACES.map((name) => `/proc/self/ns/${name}`)
    const { stdout } = await sh(`readlink ${links.join(' ')}`)
    const ids = stdout.trimEnd().split('\n')
    return Object.fromEntries(NAMESPACES.map((name, n) => [name, ids[n] ?? ''])) as Namespaces
  }

  test('what makes it dear stays, what could be left in is new', async () => {
    const [one, two] = [await namespaces(), await namespaces()]
    for (const name of NAMESPACES) assert.is(one[name], two[name], name)
    // Numbers of namespaces are given again: what was in them is what counts.
    assert.equal(keptSandboxes().length, 1)
  })

  test('memory and queues that processes share by name are not there for the next', async () => {
    await ends(
      `echo mine > /dev/shm/f; mkdir -m 0 /dev/shm/d; perl -e 'shmget(4711, 64, 01600) // die; msgget(4711, 01600) // die'`,
    )
    const { stdout } = await sh('ls -A /dev/shm; stat -c %a /dev/shm; tail -qn +2 /proc/sysvipc/shm /proc/sysvipc/msg')
    assert.is(stdout, '1777\n')
  })

  test('an address that the one before has used is free', async () => {
    const serve = `
      use Socket;
      sub tcp { socket(my $s, PF_INET, SOCK_STREAM, 0) or die; $s }
      my ($server, $client) = (tcp(), tcp());
      bind($server, pack_sockaddr_in(4711, INADDR_LOOPBACK)) or die "bind: $!";
      listen($server, 1) or die;
      connect($client, pack_sockaddr_in(4711, INADDR_LOOPBACK)) or die "connect: $!";
      accept(my $accepted, $server) or die;
      # Who closes first keeps the address, for a minute.
      close $accepted; sysread($client, my $end, 1); close $client; close $server`
    const script = `perl -e '${serve}'`
    await ends(script)
    await ends(script)
    // Within one action it is as everywhere: so the test is of something.
    const twice = await sh(`${script}; ${script}`)
    assert.match(twice.stderr, /bind: Address already in use/)
    await ends(script)
  })

  test('what runs when the command ends is over, and seen by nobody', async () => {
    await ends('(setsid sleep 71.3 &) ; setsid sh -c "sleep 71.3 & sleep 71.3" &')
    // The first process, and the shell.
    const { stdout } = await sh('set -- /proc/[0-9]*; echo $#')
    assert.is(stdout, '2\n')
  })

  test('an action that ends everybody it can ends itself', async () => {
    const { result } = await sh('kill -9 -1; kill -9 1; kill -9 $$; sleep 60')
    assert.is(result.getExitCode(), 128 + 9)
    await ends(':')
  })

  test('its devices are as they were, and nobody holds a lock on its input', async () => {
    const { stdout: before } = await sh('stat -c "%a %Y" /dev/pts/ptmx /dev/pts')
    await sh('chmod 0 /dev/pts/ptmx; touch -d @0 /dev/pts /dev/pts/ptmx; flock 0')
    const { stdout } = await sh('stat -c "%a %Y" /dev/pts/ptmx /dev/pts; flock -n 0 && echo free; : < /dev/ptmx')
    assert.is(stdout, `${before}free\n`)
  })

  test('with and without network in turn', async () => {
    for (const network of [true, false, true, false]) {
      const { stdout } = await rig.sh(`: ${number++}; cat /proc/net/dev | wc -l`, {}, { network })
      if (!network) assert.is(stdout, '3\n')
    }
  })

  test('one that is killed takes its command with it, and the next action gets another', async () => {
    const ran = sh('echo up > up; exec sleep 72.9')
    await until('the command', () => {
      const [first] = keptSandboxes()
      return first !== undefined && readFileSync(`/proc/${first}/task/${first}/children`, 'utf8') !== ''
    })
    process.kill(keptSandbox(), 'SIGKILL')
    assert.is((await ran).result.getExitCode(), 128 + 9)
    await ends(':')
  })

  test('an action that was not begun by one that is killed is begun by the next', async () => {
    await ends(':')
    const idle = keptSandbox()
    process.kill(idle, 'SIGSTOP')
    const ran = ends(':')
    const launcher = parentOf(parentOf(idle))
    await until('the order', () => openFilesOf(String(launcher))?.some((file) => file.includes('memfd:order')) === true)
    process.kill(idle, 'SIGKILL')
    await ran
    assert.is.not(keptSandbox(), idle)
    // At once, too, when nobody may have noticed yet.
    process.kill(keptSandbox(), 'SIGKILL')
    await ends(':')
  })

  test('what is at the path of its /tmp is its own', async () => {
    await ends('echo mine > /tmp/f; mkdir -p /tmp/d/e; chmod 0 /tmp/d; chmod 500 /tmp')
    const { stdout } = await sh('stat -c %a /tmp; ls -A /tmp; touch /tmp/mine')
    assert.is(stdout, '1777\n')
  })
}

test.run()
