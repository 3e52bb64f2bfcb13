// Every command has --json, and prints one document with it.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Command } from '../src/command.js'
import { COMMANDS } from '../src/commands.js'
import { Machine } from './cli-process.js'
import { runHere } from './run-here.js'

/** Commands whose output is for something else. */
const WITHOUT: Readonly<Record<string, string>> = {
  start: 'serves until it is stopped: its log has lines of JSON where it is no terminal',
  completion: 'prints a script for a shell',
}

/** What the table's command lines name. */
interface Things {
  readonly action: string
  readonly other: string
  readonly operation: string
  readonly root: string
}

/** A command line for each of the others, and what its document has, at least. */
const COMMAND_LINES: Readonly<Record<string, { args(things: Things): readonly string[]; has: readonly string[] }>> = {
  run: { args: () => ['--', 'echo', 'hello'], has: ['exitCode', 'action', 'stdout'] },
  bazelrc: { args: () => [], has: ['remote', 'lines'] },
  'ops ls': { args: () => ['--all'], has: ['operations', 'more'] },
  'ops show': { args: ({ operation }) => [operation], has: ['name', 'stage', 'result'] },
  'ops cancel': { args: ({ operation }) => [operation], has: ['operations'] },
  'ops wait': { args: ({ operation }) => [operation], has: ['operations'] },
  'cas get': { args: ({ action }) => [action, '--output', 'blob'], has: ['digest', 'bytes', 'path'] },
  'cas put': { args: () => ['in.txt'], has: ['stored'] },
  'cas ls': { args: ({ root }) => [root], has: ['directory', 'entries'] },
  'cas tree': { args: ({ action }) => [action], has: ['root', 'entries', 'directories', 'files', 'bytes', 'more'] },
  'ac get': { args: ({ action }) => [action], has: ['action', 'exitCode'] },
  'cache stat': { args: () => ['--dir', 'server'], has: ['dir', 'blobs'] },
  'cache gc': { args: () => ['--dir', 'unused'], has: ['dir', 'evictedBlobs'] },
  'cache verify': { args: () => ['--dir', 'server'], has: ['dir', 'files', 'corrupt'] },
  'cache clear': { args: () => ['--dir', 'unused', '--yes'], has: ['dir', 'cleared'] },
  why: { args: ({ action, other }) => [action, '--against', other], has: ['action', 'previous', 'differences'] },
  'verify-determinism': { args: ({ action }) => [action], has: ['deterministic', 'actions'] },
  bench: { args: () => ['--seconds', '1', '--clients', '2'], has: ['server', 'clients', 'measurements'] },
  doctor: { args: () => ['--dir', 'server'], has: ['ok', 'findings'] },
}

const all: readonly (readonly [path: string, command: Command])[] = COMMANDS.flatMap((command) =>
  'commands' in command
    ? command.commands.map((each) => [`${command.name} ${each.name}`, each] as const)
    : [[command.name, command] as const],
)

test('a command has --json, or a reason not to', () => {
  for (const [path, { flags }] of all) assert.is('json' in flags, !(path in WITHOUT), path)
  const names = all.map(([path]) => path)
  assert.equal(Object.keys({ ...WITHOUT, ...COMMAND_LINES }).sort(), [...names].sort(), 'a row for each command')
})

test('with --json, standard output is one document', async () => {
  await using machine = new Machine()
  writeFileSync(join(machine.cwd, 'in.txt'), 'hello')
  const server = machine.start(['start', '--listen', '127.0.0.1:0', '--dir', 'server', '--concurrency', '2'])
  const env = { GOREGO_REMOTE: await server.ready() }
  const gorego = async (...args: string[]) => await runHere(machine, args, env)
  const ran = async (...args: string[]) => JSON.parse((await gorego('run', '--json', ...args)).stdout)
  const [{ action }, { action: other }] = [
    await ran('--input', 'in.txt', '--', 'cat', 'in.txt'),
    await ran('--input', 'in.txt', '--', 'wc', 'in.txt'),
  ]
  await runHere(machine, ['run', '--dir', 'unused', '--', 'true'])
  const { operations } = JSON.parse((await gorego('ops', 'ls', '--done', '--json')).stdout)
  const root = (await gorego('cas', 'tree', action)).stdout.split('\n')[0] ?? ''
  const things = { action, other, operation: operations[0].name, root }
  for (const [path, { args, has }] of Object.entries(COMMAND_LINES)) {
    const { code, stdout, stderr } = await gorego(...path.split(' '), '--json', ...args(things))
    assert.is(code, 0, `${path}: ${stderr}`)
    const document = JSON.parse(stdout)
    for (const name of has) assert.ok(name in document, `${path}: ${name} in ${stdout}`)
  }
})

test('cas tree tells paths, cas get where it wrote, and that it needs a place to write', async () => {
  await using machine = new Machine()
  writeFileSync(join(machine.cwd, 'in.txt'), 'hello')
  const server = machine.start(['start', '--listen', '127.0.0.1:0', '--dir', 'server', '--concurrency', '1'])
  const env = { GOREGO_REMOTE: await server.ready() }
  const gorego = async (...args: string[]) => await runHere(machine, args, env)
  const { action } = JSON.parse(
    (await gorego('run', '--json', '--input', 'a/b/in.txt=in.txt', '--', 'cat', 'a/b/in.txt')).stdout,
  )
  const tree = JSON.parse((await gorego('cas', 'tree', '--json', action)).stdout)
  const file = tree.entries.at(-1)
  assert.equal(
    tree.entries.map(({ path, kind }: Record<string, string>) => [path, kind]),
    [
      ['a', 'directory'],
      ['a/b', 'directory'],
      ['a/b/in.txt', 'file'],
    ],
  )
  const { entries: _, root, ...counts } = tree
  assert.equal(counts, { directories: 2, files: 1, bytes: 5, more: false })
  assert.match(root, /^[0-9a-f]{64}\/\d+$/)
  const cut = JSON.parse((await gorego('cas', 'tree', '--json', action, '--limit', '1')).stdout)
  assert.equal([cut.entries.length, cut.more], [1, true])
  const got = await gorego('cas', 'get', '--json', file.digest, '-o', 'out')
  assert.equal(JSON.parse(got.stdout), { digest: file.digest, bytes: 5, path: join(machine.cwd, 'out') })
  const nowhere = await gorego('cas', 'get', '--json', file.digest)
  assert.equal([nowhere.code, nowhere.stdout], [64, ''])
  assert.match(nowhere.stderr, '--json: standard output has the blob; say where it goes instead: --output')
})

test.run()
