import { execFileSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { enoughTime } from '@gorego/core/testing'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type BazelResult, BazelWorkspace, findBazel } from './bazel-harness.js'
import { type GoregoProcess, startGorego } from './gorego-process.js'

const GREETINGS = ['Aveiro', 'Lund', 'Nara', 'Yaroslavl'].map((town) => `Greetings from ${town}!\n`).join('')
const INK = 'postcards: the ink has run dry'

const isRoot = process.geteuid?.() === 0
/** No user that a system gives out has such a number: who runs the actions of root's server. */
const FIRST_UNPRIVILEGED = 1_879_048_192

const found = findBazel()
const it = 'reason' in found ? test.skip : test

let gorego: GoregoProcess
let bazel: BazelWorkspace

if ('reason' in found) {
  console.log(`SKIP bazel: ${found.reason}`)
} else {
  // Not in a before hook: uvu swallows what such a hook throws, and the run would look green.
  // For who runs actions to get through, as to the directory of a server.
  if (isRoot) chmodSync(tmpdir(), statSync(tmpdir()).mode | 0o011)
  // As it starts by itself, with a sandbox where there can be one: other tests have none.
  gorego = await startGorego([], { env: { GOREGO_EXECUTION_SANDBOX: 'auto' } })
  console.log(/^ *sandbox +.*$/m.exec(gorego.stdout)?.[0].trim())
  bazel = new BazelWorkspace(found.program, gorego.address)
}

test.after(async () => {
  // Each of the two is to be ended whatever the other one does.
  const ended = await Promise.allSettled([bazel?.close(), gorego?.stop()])
  for (const end of ended) if (end.status === 'rejected') throw end.reason
})

it('builds and tests on the server, nothing on the client', async () => {
  const built = succeeded(await bazel.build('build', '//...'))
  onlyRemote(built)
  assert.ok(built.processes.remote > 0, built.console)
  const tested = succeeded(await bazel.build('test', '//...'))
  onlyRemote(tested)
  // Running the test, and making test.xml of what it printed.
  assert.is(tested.processes.remote, 2, tested.console)
  assert.match(tested.stdout, /\/\/postcard:postcard_test\s+PASSED/)
  outputsAreRight()
})

it('after a clean, every spawn is a remote cache hit', async () => {
  succeeded(await bazel.run('clean'))
  const built = succeeded(await bazel.build('build', '//...'))
  const tested = succeeded(await bazel.build('test', '//...'))
  for (const result of [built, tested]) {
    onlyRemote(result)
    assert.is(result.processes.remote, 0, result.console)
    assert.ok(result.processes.remoteCacheHit > 0, result.console)
  }
  assert.match(tested.stdout, /\/\/postcard:postcard_test\s+\(cached\) PASSED/)
  outputsAreRight()
})

it("a failing action's stderr and exit code reach the user, each time", async () => {
  for (const time of ['first', 'second']) {
    const failed = await bazel.build('build', '//:fails')
    assert.is(failed.exitCode, 1, failed.console)
    // Bazel shows the command, too, which has the same words in it: the line of its own is what the command printed.
    assert.ok(failed.console.split('\n').includes(INK), `${time} time, no line "${INK}" in:\n${failed.console}`)
    assert.match(failed.console, /\(Exit 3\)/)
    onlyRemote(failed)
  }
})

it('a changed source file executes only what depends on it', async () => {
  change('postcard/postcard_test.cc', 'all postcards arrived', 'every postcard arrived')
  const tested = succeeded(await bazel.build('test', '--test_output=all', '//...'))
  onlyRemote(tested)
  // Compiling the test, linking it, running it, making its test.xml.
  assert.is(tested.processes.remote, 4, tested.console)
  assert.is(tested.processes.remoteCacheHit, 0, tested.console)
  assert.match(tested.stdout, /^every postcard arrived$/m)
})

it('a change that makes no difference stops where the difference ends', async () => {
  change('towns/towns.txt', 'Lund\nAveiro\n', 'Aveiro\nLund\n')
  const built = succeeded(await bazel.build('build', '//...'))
  onlyRemote(built)
  // Sorting again, for the target and for the tool that is built, gives the same bytes: nothing that reads them runs.
  assert.is(built.processes.remote, 2, built.console)
  assert.is(built.processes.remoteCacheHit, 0, built.console)
})

it('a build without the bytes leaves the outputs on the server, and a normal build fetches them', async () => {
  change('towns/towns.txt', 'Nara\n', 'Nara\nOban\n')
  change('postcard/postcard_test.cc', 'Towns().size() == 4', 'Towns().size() == 5')
  succeeded(await bazel.run('clean'))
  const minimal = succeeded(await bazel.build('test', '--remote_download_minimal', '//...'))
  onlyRemote(minimal)
  assert.ok(minimal.processes.remote > 0, minimal.console)
  for (const output of ['postcard/write', 'album/pages/Oban/front/card.txt', 'towns/sorted.txt']) {
    assert.not.ok(existsSync(join(bazel.dir, 'bazel-bin', output)), `${output} was downloaded`)
  }
  const normal = succeeded(await bazel.build('build', '//...'))
  onlyRemote(normal)
  assert.is(normal.processes.remote, 0, normal.console)
  outputsAreRight(GREETINGS.replace('Greetings from Y', 'Greetings from Oban!\nGreetings from Y'))
})

it('executes everything again, eight at a time, when the cache is not to be used', async () => {
  succeeded(await bazel.run('clean'))
  const built = succeeded(await bazel.build('test', '--jobs=8', '--noremote_accept_cached', '//...'))
  onlyRemote(built)
  assert.is(built.processes.remoteCacheHit, 0, built.console)
  assert.ok(built.processes.remote > 10, built.console)
})

it('a test that must not be cached runs each time', async () => {
  for (const time of ['first', 'second']) {
    const tested = succeeded(await bazel.build('test', '--nocache_test_results', '//postcard:postcard_test'))
    onlyRemote(tested)
    assert.ok(tested.processes.remote >= 1, `not executed the ${time} time:\n${tested.console}`)
    assert.match(tested.stdout, /\/\/postcard:postcard_test\s+PASSED/)
  }
})

it('a test that takes too long is a timeout, and what it printed until then is shown', async () => {
  const said = /^waiting for the postman$/m
  const attempt = async (ms: number) => {
    const limit = `--test_timeout=${Math.round(ms / 1000)}`
    const late = await bazel.build('test', limit, '--test_output=errors', '//postcard:lost_test')
    assert.is(late.exitCode, 3, late.console)
    assert.match(late.stdout, /\/\/postcard:lost_test\s+TIMEOUT/)
    onlyRemote(late)
    return late
  }
  const late = await enoughTime(1000, attempt, ({ stdout }) => said.test(stdout))
  assert.match(late.stdout, said)
})

it("root's server runs actions as nobody who is anybody, another's as whoever started it", async () => {
  mkdirSync(join(bazel.dir, 'whoami'))
  writeFileSync(join(bazel.dir, 'whoami/BUILD'), 'genrule(name = "whoami", outs = ["uid"], cmd = "id -u > $@")\n')
  onlyRemote(succeeded(await bazel.build('build', '//whoami')))
  const uid = Number(readFileSync(join(bazel.dir, 'bazel-bin/whoami/uid'), 'utf8'))
  if (isRoot) assert.ok(uid >= FIRST_UNPRIVILEGED, `user ${uid}\n${gorego.stderr}`)
  else assert.is(uid, process.geteuid?.())
})

it('leaves nothing behind', async () => {
  const pids = bazel.serverPids()
  assert.is(pids.length, 1)
  await bazel.close()
  assert.equal(bazel.serverPids(), [])
  assert.not.ok(existsSync(bazel.root))
  assert.throws(() => process.kill(pids[0] as number, 0))
})

function succeeded(result: BazelResult): BazelResult {
  assert.is(result.exitCode, 0, `${result.console}\n--- the server printed:\n${gorego.stdout}${gorego.stderr}`)
  return result
}

function onlyRemote(result: BazelResult): void {
  assert.equal(result.processes.elsewhere, {}, `executed on the client's side:\n${result.console}`)
}

function outputsAreRight(greetings = GREETINGS): void {
  const output = (path: string) => join(bazel.dir, 'bazel-bin', path)
  assert.is(execFileSync(output('postcard/write'), { encoding: 'utf8' }), greetings)
  assert.is(readFileSync(output('album/pages/Lund/back/stamp/stamp.txt'), 'utf8'), 'postage paid in Lund\n')
  const cards = readFileSync(output('album/contents.txt'), 'utf8').matchAll(/front\/card\.txt: (.*\n)/g)
  assert.is([...cards].map(([, card]) => card).join(''), greetings)
}

function change(path: string, from: string, to: string): void {
  const file = join(bazel.dir, path)
  const text = readFileSync(file, 'utf8')
  assert.ok(text.includes(from), `${path} has no ${JSON.stringify(from)}`)
  writeFileSync(file, text.replace(from, to))
}

test.run()
