import { chmodSync, existsSync, mkdirSync, readdirSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Digest, LocalStore, SHA256 } from '@gorego/core'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Machine } from './cli-process.js'

const BLOCK = 4096

/** A cache with so many blobs, the first used first, and one result. */
async function filled(machine: Machine, blobs: number): Promise<{ dir: string; paths: string[] }> {
  const dir = join(machine.cwd, 'cache')
  const digests: Digest[] = []
  let time = Date.now() - 10 * 3_600_000
  const clock = { now: () => time, after: () => ({ [Symbol.dispose]() {} }) }
  using store = await LocalStore.open({ dir, clock })
  await store.loaded
  for (let n = 0; n < blobs; n++) {
    time += 1_800_000
    const bytes = Buffer.from(`blob ${n}`)
    const digest = Digest.ofBytes(SHA256, bytes)
    await store.write(digest, bytes)
    digests.push(digest)
  }
  const [action] = digests
  if (action !== undefined) {
    const result = store.layout.actionResult('', action)
    mkdirSync(join(result, '..'), { recursive: true })
    writeFileSync(result, 'result')
    utimesSync(result, time / 1000, time / 1000)
  }
  return { dir, paths: digests.map((digest) => store.layout.blob(digest)) }
}

test('stat tells what is there, and makes nothing', async () => {
  await using machine = new Machine()
  const { dir } = await filled(machine, 3)
  const { code, stdout } = await machine.gorego(['cache', 'stat', '--dir', dir, '--json'])
  const { freeBytes, leastRecentUse, lastUse, ...rest } = JSON.parse(stdout)
  assert.is(code, 0)
  assert.equal(rest, {
    dir,
    budgetBytes: 50e9,
    blobs: 3,
    blobBytes: 3 * BLOCK,
    results: 1,
    resultBytes: BLOCK,
    uploads: 0,
    uploadBytes: 0,
    pids: [],
  })
  assert.ok(freeBytes > 0)
  assert.is(Math.round((Date.parse(lastUse) - Date.parse(leastRecentUse)) / 1000), 3600)
  const text = await machine.gorego(['cache', 'stat', '--dir', 'cache'])
  assert.match(text.stdout, /^blobs +3, 12\.3 kB$/m)
  assert.match(text.stdout, /^open in +no process$/m)

  const nowhere = await machine.gorego(['cache', 'stat', '--dir', 'nowhere'])
  assert.is(nowhere.code, 64)
  assert.match(nowhere.stderr, /there is no cache in .*nowhere; --dir or --config tells where it is/)
  assert.not(existsSync(join(machine.cwd, 'nowhere')))
})

test('gc evicts down to a size, and what is too old, the least recently used first', async () => {
  await using machine = new Machine()
  const { dir, paths } = await filled(machine, 6)
  // Results may take a tenth of it.
  const bySize = await machine.gorego(['cache', 'gc', '--dir', dir, '--max-size', '16KiB', '--json'])
  assert.equal(JSON.parse(bySize.stdout), { dir, evictedBlobs: 2, removedResults: 1, bytes: 4 * BLOCK }, bySize.stderr)
  assert.equal(
    paths.map((path) => existsSync(path)),
    [false, false, true, true, true, true],
  )
  const byAge = await machine.gorego(['cache', 'gc', '--dir', dir, '--older-than', '7.75h'])
  assert.is(byAge.stdout, 'evicted 2 blobs and 0 action results; what is left takes 8.2 kB\n')
  assert.equal(
    paths.map((path) => existsSync(path)),
    [false, false, false, false, true, true],
  )
  for (const size of ['10', '10 parsecs', '-1GB', 'constructor']) {
    const { code, stderr } = await machine.gorego(['cache', 'gc', '--dir', dir, `--max-size=${size}`])
    assert.is(code, 64)
    assert.match(stderr, /want a size such as 20GB or 512MiB/)
  }
})

test('verify finds blobs that are something else, and removes them if it is told to', async () => {
  await using machine = new Machine()
  const { dir, paths } = await filled(machine, 6)
  const [altered, short, touched, ...intact] = paths as [string, string, string, ...string[]]
  const spoil = (path: string, content: string) => {
    const { mtime } = statSync(path)
    chmodSync(path, 0o644)
    writeFileSync(path, content)
    utimesSync(path, mtime, mtime)
  }
  const clean = await machine.gorego(['cache', 'verify', '--dir', dir])
  assert.equal([clean.code, clean.stdout], [0, '6 files read: all are what they should be\n'])
  spoil(altered, 'bl0b 0')
  spoil(short, 'b')
  utimesSync(touched, 1, 1)
  const found = await machine.gorego(['cache', 'verify', '--dir', dir])
  assert.is(found.code, 1)
  assert.match(found.stdout, `${altered} has the sha256 hash `)
  assert.match(found.stdout, `${short} has 1 bytes\n`)
  assert.match(found.stdout, `${touched} was written to\n`)
  assert.match(found.stdout, /\n6 files read: 3 corrupt\n$/)
  assert.ok(paths.every((path) => existsSync(path)))

  const removed = await machine.gorego(['cache', 'verify', '--dir', dir, '--remove', '--json'])
  assert.is(removed.code, 1)
  assert.equal(
    JSON.parse(removed.stdout)
      .corrupt.map(({ path }: { path: string }) => path)
      .sort(),
    [altered, short, touched].sort(),
  )
  assert.equal(
    [altered, short, touched].map((path) => existsSync(path)),
    [false, false, false],
  )
  assert.ok(intact.every((path) => existsSync(path)))
  assert.is((await machine.gorego(['cache', 'verify', '--dir', dir])).code, 0)
})

test('clear removes what is ours and nothing else, and not without being told to', async () => {
  await using machine = new Machine()
  const { dir } = await filled(machine, 3)
  writeFileSync(join(dir, 'somebody’s'), '')
  mkdirSync(join(dir, 'cas', 'mine'))
  const asked = await machine.gorego(['cache', 'clear', '--dir', dir])
  assert.equal([asked.code, readdirSync(join(dir, 'cas')).sort()], [64, ['mine', 'sha256']])
  assert.match(asked.stderr, 'nobody is there to be asked: --yes')
  const cleared = await machine.gorego(['cache', 'clear', '--dir', dir, '--yes'])
  assert.equal([cleared.code, cleared.stdout], [0, `the cache in ${dir} is empty\n`], cleared.stderr)
  assert.equal(readdirSync(dir).sort(), ['ac', 'cas', 'run', 'somebody’s'])
  assert.equal(
    [readdirSync(join(dir, 'cas')), readdirSync(join(dir, 'ac')), readdirSync(join(dir, 'run'))],
    [['mine'], [], []],
  )
})

for (const frontEnds of ['1', '2']) {
  test(`while a server with ${frontEnds} front ends runs, it can be looked at and verified, not collected or cleared`, async () => {
    await using machine = new Machine()
    const { dir, paths } = await filled(machine, 3)
    const server = machine.start(['start', '--listen', '127.0.0.1:0', '--dir', dir], { GOREGO_FRONT_ENDS: frontEnds })
    await server.ready()
    const { pids } = JSON.parse((await machine.gorego(['cache', 'stat', '--dir', dir, '--json'])).stdout)
    assert.equal(pids, [server.pid])
    assert.is((await machine.gorego(['cache', 'verify', '--dir', dir])).code, 0)
    for (const args of [
      ['gc', '--max-size', '1MB'],
      ['clear', '--yes'],
    ]) {
      const { code, stderr } = await machine.gorego(['cache', ...args, '--dir', dir])
      assert.is(code, 64)
      assert.match(stderr, `is in use by process ${server.pid}, which relies on what is there; stop it first`)
    }
    assert.ok(paths.every((path) => existsSync(path)))
    server.signal('SIGTERM')
    assert.is((await server.finished).code, 0)
    // What was used before that server is still known after it.
    assert.is((await machine.gorego(['cache', 'gc', '--dir', dir, '--max-size', '8KiB'])).code, 0)
    assert.equal(
      paths.map((path) => existsSync(path)),
      [false, true, true],
    )
  })
}

test.run()
