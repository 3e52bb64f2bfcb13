import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Machine } from './cli-process.js'
import { runHere } from './run-here.js'

test('blobs are stored, fetched and listed, and cached results shown', async () => {
  await using machine = new Machine()
  const server = machine.start(['start', '--listen', '127.0.0.1:0', '--dir', 'server', '--concurrency', '1'])
  const env = { GOREGO_REMOTE: await server.ready() }
  const gorego = async (...args: string[]) => await runHere(machine, args, env)
  const write = (path: string, text: string | Buffer, mode = 0o644) =>
    writeFileSync(join(machine.cwd, path), text, { mode })
  const big = Buffer.alloc(3_000_000, 'gorego')
  write('big', big)
  mkdirSync(join(machine.cwd, 'src'))
  write('src/a.txt', 'hello')
  write('src/tool\u001b[2J', '#!', 0o755)
  symlinkSync('a.txt', join(machine.cwd, 'src', 'link'))

  const [put, blake, directory] = await Promise.all([
    gorego('cas', 'put', 'big', 'src/a.txt', '--json'),
    gorego('cas', 'put', '--digest-function', 'blake3', 'src/a.txt'),
    gorego('cas', 'put', 'src'),
  ])
  const [ofBig, ofText] = JSON.parse(put.stdout).stored.map(({ digest }: { digest: string }) => digest) as string[]
  assert.match(String(ofBig), /^[0-9a-f]{64}\/3000000$/)
  assert.match(blake.stdout, /^blake3\/[0-9a-f]{64}\/5 {2}src\/a\.txt\n$/)
  assert.match(directory.stderr, 'src is no file')

  const absent = `${'0'.repeat(64)}/5`
  const [file, printed, hashed, nothing, nonsense, ran] = await Promise.all([
    gorego('cas', 'get', ofBig ?? '', '-o', 'fetched'),
    gorego('cas', 'get', ofText ?? ''),
    gorego('cas', 'get', blake.stdout.split(' ')[0] ?? ''),
    gorego('cas', 'get', absent, '--output', 'absent'),
    gorego('cas', 'get', 'x'),
    gorego('run', '--json', '--input', 'src', '--output', 'out', '--', 'sh', '-c', 'echo done; cp src/a.txt out'),
  ])
  assert.is(file.code, 0, file.stderr)
  assert.ok(readFileSync(join(machine.cwd, 'fetched')).equals(big))
  assert.equal([printed.stdout, hashed.stdout], ['hello', 'hello'])
  assert.is(nothing.code, 64)
  assert.match(nothing.stderr, absent)
  assert.match(nonsense.stderr, '"x" is no digest: want hash/size')
  assert.equal(readdirSync(machine.cwd).sort(), ['big', 'fetched', 'out', 'server', 'src'])

  const { action } = JSON.parse(ran.stdout)
  const [tree, cut, shown, json, none] = await Promise.all([
    gorego('cas', 'tree', action),
    gorego('cas', 'tree', action, '--limit', '2'),
    gorego('ac', 'get', action),
    gorego('ac', 'get', action, '--json'),
    gorego('ac', 'get', absent),
  ])
  const [root = '', ...lines] = tree.stdout.split('\n')
  assert.equal(lines, [
    '└── src/',
    '    ├── a.txt  5 bytes',
    '    ├── tool\\u{1b}[2J*  2 bytes',
    '    └── link -> a.txt',
    '',
    '1 directories, 2 files, 7 bytes',
    '',
  ])
  assert.is(cut.stdout.split('\n').length, 6)
  assert.match(cut.stderr, 'that is not all: --limit')
  assert.match(shown.stdout, new RegExp(`^exit code +0\n[\\s\\S]*\n  out +${ofText}\nstdout\n  done\n$`))
  const { exitCode, outputs } = JSON.parse(json.stdout)
  assert.equal([exitCode, outputs], [0, [{ kind: 'file', path: 'out', digest: ofText, executable: false }]])
  assert.is(none.code, 1)
  assert.match(none.stderr, `no result is cached for ${absent}`)

  const [listed, same] = await Promise.all([gorego('cas', 'ls', root), gorego('cas', 'tree', root)])
  assert.is(same.stdout, tree.stdout, same.stderr)
  assert.match(listed.stdout, /^directory {2}[0-9a-f]{64}\/\d+ {2}src\n$/, listed.stderr)
})

test.run()
