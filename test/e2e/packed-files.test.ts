// What is in the packages: nothing but what they need, and declarations that every way of resolving them finds.
import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { onExit } from '@gorego/bench/clean-up'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { filesIn, type PackageName, packPackages } from './packed-packages.js'

const run = promisify(execFile)
const repository = fileURLToPath(new URL('../../', import.meta.url))

const always = ['LICENSE', 'README.md', 'package.json']
// What is shared or loaded when it is needed gets a file of its own, with a name that ends in a hash of its content: one line for all.
const expected: Record<PackageName, string[]> = {
  '@gorego/core': [
    ...always,
    'THIRD-PARTY.md',
    'dist/*-*.js',
    'dist/index.js',
    'dist/runner.js',
    'dist/testing/index.js',
    'dist/types/*.d.ts',
  ],
  '@gorego/server': [
    ...always,
    // The status page.
    ...['elements.js', 'icon.svg', 'operation.html', 'operation.js', 'status.css', 'status.html', 'status.js'].map(
      (name) => `assets/status/${name}`,
    ),
    'dist/*-*.js',
    'dist/front-end.js',
    'dist/index.js',
    'dist/types/*.d.ts',
  ],
  gorego: [...always, 'bin/gorego.js', 'dist/*-*.js', 'dist/main.js'],
}
// Only where there was a C compiler.
const machine = `${process.platform}-${process.arch}`
const native = [`dist/launcher-${machine}`, `dist/sandbox-init-${machine}`, `dist/give-back-${machine}.node`]

const directory = mkdtempSync(join(tmpdir(), 'gorego-packed-files-'))
const forget = onExit(() => rmSync(directory, { recursive: true, force: true }))
// Not in a hook: uvu swallows what a hook throws.
const tarballs = await packPackages(directory)
const names = Object.keys(tarballs) as PackageName[]
const packed = suite('what is in the packages')

const programOf = (name: string, path: string) => join(repository, 'node_modules', name, path)

const kindOf = (path: string) =>
  path
    .replace(/^dist\/[a-z-]+-[A-Z0-9]{8}\.js$/, 'dist/*-*.js')
    .replace(/^dist\/types\/(?!.*\.test\.).+\.d\.ts$/, 'dist/types/*.d.ts')

for (const name of names) {
  packed(`${name} ships its code, its declarations and its licence only`, async () => {
    const files = await filesIn(tarballs[name])
    const found = new Set(
      [...files.keys()].map(kindOf).filter((path) => name !== '@gorego/core' || !native.includes(path)),
    )
    assert.equal([...found].sort(), [...expected[name]].sort(), name)
    const unpacked = [...files.values()].reduce((sum, size) => sum + size, 0)
    const kilobytes = (bytes: number) => `${Math.round(bytes / 1000)} kB`
    console.log(
      `FIGURE ${name}: tarball ${kilobytes(statSync(tarballs[name]).size)}, unpacked ${kilobytes(unpacked)}, ${files.size} files`,
    )
  })

  packed(`${name}: publint has nothing to say`, async () => {
    const { stdout } = await run(process.execPath, [programOf('publint', 'src/cli.js'), '--strict', tarballs[name]])
    assert.match(stdout, 'All good!')
  })

  packed(`${name}: its types are found, and are those of its code`, async () => {
    // Modules for Node 20.19 and later: require() of them works there, which attw does not know. The runner is a program.
    const rules = ['--profile', 'esm-only', ...(name === '@gorego/core' ? ['--exclude-entrypoints', 'runner'] : [])]
    const attw = [programOf('@arethetypeswrong/cli', 'dist/index.js'), '--no-color', '--no-emoji', '--format', 'ascii']
    const { stdout } = await run(process.execPath, [...attw, tarballs[name], ...rules])
    assert.match(stdout, name === 'gorego' ? 'does not contain types' : `"${name}"`)
  })
}

packed('whoever is inside a bundle has their licence beside it', async () => {
  const inside = new Set<string>()
  for (const name of names) {
    const { stdout } = await run('tar', ['-xzOf', tarballs[name], 'package/dist'], { maxBuffer: 1 << 26 })
    // As the bundler names what it takes in.
    for (const [, one = ''] of stdout.matchAll(/^\/\/ \S*node_modules\/((?:@[^/]+\/)?[^/]+)\/\S+$/gm)) inside.add(one)
    if (name !== '@gorego/core') assert.is(inside.size, 0, `${name} has code of others inside: ${[...inside]}`)
    else {
      assert.ok(inside.has('google-protobuf'))
      const { stdout: notes } = await run('tar', ['-xzOf', tarballs[name], 'package/THIRD-PARTY.md'])
      const modules = join(repository, 'packages/core/node_modules')
      for (const one of inside) {
        const licence = readdirSync(join(modules, one)).find((file) => /^LICENSE(\.md)?$/.test(file)) ?? ''
        assert.ok(notes.includes(readFileSync(join(modules, one, licence), 'utf8').trim()), one)
      }
      inside.clear()
    }
  }
})

packed('the launcher comes along where one was built', async () => {
  const files = await filesIn(tarballs['@gorego/core'])
  for (const program of native) {
    assert.is(files.has(program), existsSync(join(repository, 'packages/core', program)), program)
  }
})

packed.after(() => {
  forget()
  rmSync(directory, { recursive: true })
})

packed.run()
