// The cache over HTTP with those who use it: ccache, and Bazel with --remote_cache=http://.
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onExit } from '@gorego/bench/clean-up'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { debianProgram } from '../setup/debian-program.js'
import { BazelWorkspace, findBazel } from './bazel-harness.js'
import { type GoregoProcess, startGorego } from './gorego-process.js'

const found = { ccache: debianProgram('ccache'), cc: debianProgram('cc', 'gcc'), bazel: findBazel() }
for (const [name, each] of Object.entries(found)) if ('reason' in each) console.log(`SKIP ${name}: ${each.reason}`)
const withCcache = 'reason' in found.ccache || 'reason' in found.cc ? test.skip : test
const withBazel = 'reason' in found.bazel ? test.skip : test

const root = mkdtempSync(join(tmpdir(), 'gorego-http-cache-'))
const forget = onExit(() => rmSync(root, { recursive: true, force: true }))
const env = { GOREGO_HTTP_LISTEN_ADDR: '127.0.0.1:0', GOREGO_HTTP_CACHE: 'true' }
const gorego: GoregoProcess = await startGorego([], { env })
const [, http = ''] = /page\s+(http:\S+)\/ /.exec(gorego.stdout + gorego.stderr) ?? []

test.after(async () => {
  rmSync(root, { recursive: true })
  forget()
  await gorego.stop()
})

withCcache('ccache finds on the server what it does not have itself', () => {
  const directory = join(root, 'ccache')
  mkdirSync(directory)
  writeFileSync(join(directory, 'town.c'), '#include <stdio.h>\nint main(void) { return puts("Nara") < 0; }\n')
  const run = (program: string, ...args: string[]) =>
    execFileSync(program, args, {
      cwd: directory,
      encoding: 'utf8',
      env: {
        PATH: process.env.PATH,
        HOME: directory,
        CCACHE_DIR: join(directory, 'local'),
        CCACHE_TEMPDIR: join(directory, 'temporary'),
        CCACHE_REMOTE_STORAGE: `${http}|layout=bazel`,
      },
    })
  const compile = () => run('ccache', 'cc', '-O1', '-c', 'town.c', '-o', 'town.o')
  const count = (name: string) => {
    const [, value] = new RegExp(`^${name}\\t(\\d+)$`, 'm').exec(run('ccache', '--print-stats')) ?? []
    return Number(value)
  }
  compile()
  assert.ok(count('remote_storage_write') >= 2, run('ccache', '-svv'))
  assert.is(count('remote_storage_error'), 0)
  const compiled = readFileSync(join(directory, 'town.o'))
  for (const each of ['local', 'town.o']) rmSync(join(directory, each), { recursive: true })
  compile()
  assert.equal(readFileSync(join(directory, 'town.o')), compiled)
  assert.is(count('remote_storage_hit'), 1, run('ccache', '-svv'))
  assert.is(count('cache_miss'), 0)
})

withBazel('a second build of Bazel has everything from the cache', async () => {
  if ('reason' in found.bazel) return
  const bazel = new BazelWorkspace(found.bazel.program, http)
  try {
    const build = () =>
      bazel.run('build', `--remote_cache=${http}`, '--spawn_strategy=local', '--color=no', '--curses=no', '//...')
    const first = await build()
    assert.is(first.exitCode, 0, first.console)
    assert.is(first.processes.remoteCacheHit, 0, first.console)
    const cleaned = await bazel.run('clean')
    assert.is(cleaned.exitCode, 0, cleaned.console)
    const second = await build()
    assert.is(second.exitCode, 0, second.console)
    assert.ok(second.processes.remoteCacheHit > 0, second.console)
    assert.equal(second.processes.elsewhere, {}, second.console)
  } finally {
    await bazel.close()
  }
})

test.run()
