// A release is made of the changesets in .changeset: tried in a copy, with those that wait there and one more.
import { execFile } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'

const run = promisify(execFile)
const repository = fileURLToPath(new URL('../../', import.meta.url))
const program = join(repository, 'node_modules/@changesets/cli/bin.js')
const packages = ['core', 'server', 'cli']

const test = suite('changesets')
let copy: string

test.before(() => {
  copy = mkdtempSync(join(tmpdir(), 'gorego-changesets-'))
})
test.after(() => rmSync(copy, { recursive: true, force: true }))

test('changesets become one next version of all packages, and a changelog', async () => {
  const needed = ['package.json', 'pnpm-workspace.yaml', '.changeset', ...packages.map((name) => manifestOf(name))]
  for (const path of needed) {
    mkdirSync(dirname(join(copy, path)), { recursive: true })
    cpSync(join(repository, path), join(copy, path), { recursive: true })
  }
  writeFileSync(join(copy, '.changeset/new.md'), `---\n'@gorego/core': minor\n---\n\nActions run on the moon.\n`)
  await git('init', '--quiet', '--initial-branch=main')
  await git('add', '.')
  await git('-c', 'user.name=A', '-c', 'user.email=a@example.org', 'commit', '--quiet', '--message', 'all of it')
  const before = versionOf('core')
  const { stdout, stderr } = await run(process.execPath, [program, 'version'], { cwd: copy })
  const [major, minor] = before.split('.').map(Number)
  for (const name of packages) assert.is(versionOf(name), `${major}.${(minor ?? 0) + 1}.0`, stdout + stderr)
  assert.match(readFileSync(join(copy, 'packages/core/CHANGELOG.md'), 'utf8'), 'Actions run on the moon.')
})

function manifestOf(name: string): string {
  return `packages/${name}/package.json`
}

function versionOf(name: string): string {
  return JSON.parse(readFileSync(join(copy, manifestOf(name)), 'utf8')).version
}

async function git(...args: string[]): Promise<void> {
  await run('git', args, { cwd: copy })
}

test.run()
