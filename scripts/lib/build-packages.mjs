// dist of each package: programs by tsup, declarations by tsc; without ever showing anybody half of it.
import { createHash } from 'node:crypto'
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { filesBelow } from './files.mjs'
import { run } from './run.mjs'
import { packages, root, scratch } from './workspace.mjs'

const tsup = join(root, 'node_modules', 'tsup', 'dist', 'cli-default.js')
const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc')
const compiler = process.env.CC || 'cc'
const declarations = 'tsconfig.build.json'
const sharedInputs = ['pnpm-lock.yaml', 'tsconfig.base.json', 'tsconfig.json']

// Declarations take several times as long as the rest. Whoever publishes wants them, whoever runs the program does not, and
// inside the repository TypeScript reads the sources.

/** The packages whose dist is not what their sources make. Bundles leave other packages out, so each stands for itself. */
export function stalePackages({ types }) {
  return packages.filter((name) => {
    const stamp = readStamp(name)
    const now = [inputs(name), listing(`packages/${name}/dist`)]
    const isCurrent = stamp === stampText(...now, true) || (!types && stamp === stampText(...now, false))
    return !isCurrent
  })
}

export async function buildPackage(name, { types }) {
  const folder = join(root, 'packages', name)
  const dist = join(folder, 'dist')
  // Beside dist: a rename from there cannot cross file systems.
  const fresh = join(folder, `dist.${process.pid}`)
  // Before the build: what is saved meanwhile makes the next start build again.
  const before = inputs(name)
  removeAbandoned(folder)
  try {
    await compile(name, [tsup, '--out-dir', fresh, '--no-clean'])
    if (types && existsSync(join(folder, declarations))) {
      await compile(name, [tsc, '-p', declarations, '--outDir', join(fresh, 'types')])
      copyWrittenDeclarations(join(folder, 'src'), join(fresh, 'types'))
    }
    if (existsSync(join(folder, 'native'))) await compileNative(join(folder, 'native'), fresh)
    publish(fresh, dist)
  } finally {
    rmSync(fresh, { recursive: true, force: true })
  }
  mkdirSync(scratch, { recursive: true })
  writeFileSync(stampPath(name), stampText(before, listing(`packages/${name}/dist`), types))
}

async function compile(name, args) {
  const { ok, output } = await run(process.execPath, args, { cwd: join(root, 'packages', name) })
  if (!ok) throw new Error(`building packages/${name} failed:\n\n${output.trimEnd()}\n\n${nextStep(name)}`)
}

// Each C file is something of its own, which the package can do without: where there is no compiler there is none.
async function compileNative(folder, fresh) {
  const flags = ['-std=c11', '-O2', '-Wall', '-Wextra', '-Werror', '-s']
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.c'))) {
    if (process.platform !== 'linux' || !(await run(compiler, ['--version'])).ok) continue
    const { name, ways } = nativeKind(file)
    const failures = []
    for (const more of ways) {
      const { ok, output } = await run(compiler, [...flags, ...more, '-o', join(fresh, name), join(folder, file)])
      if (ok) break
      failures.push(output)
    }
    if (failures.length < ways.length) continue
    process.stderr.write(`gorego: going on without ${file}, which ${compiler} did not compile:\n${failures.at(-1)}`)
  }
}

// What a C file becomes, and the ways of compiling it, the best one first. A program has the C library inside where that can be had, so that it runs
// beside another one as well. An addon is loaded by Node, and has all that it calls from there.
function nativeKind(file) {
  const machine = `${process.platform}-${process.arch}`
  if (file.endsWith('.addon.c')) {
    return { name: `${basename(file, '.addon.c')}-${machine}.node`, ways: [['-shared', '-fPIC', '-nostdlib']] }
  }
  return { name: `${basename(file, '.c')}-${machine}`, ways: [['-static'], []] }
}

// tsc makes declarations of what it compiles; those that came as such (of generated code) are its inputs, and stay behind.
function copyWrittenDeclarations(src, types) {
  for (const path of filesBelow(src).filter((each) => each.endsWith('.d.ts'))) {
    mkdirSync(dirname(join(types, path)), { recursive: true })
    copyFileSync(join(src, path), join(types, path))
  }
}

const nextStep = (name) =>
  `Next: mend what the compiler names in packages/${name}/src; "npm run check" shows all of it. In a fresh clone, please report this.`

// File by file, each with one atomic rename, so that no program that a running server starts from dist is ever missing.
// Chunks come first: their names carry a hash of what is in them, and the entry points that want them follow.
function publish(fresh, dist) {
  const made = filesBelow(fresh)
  const isChunk = (path) => /-\w{8}\./.test(path)
  for (const path of [...made.filter(isChunk), ...made.filter((path) => !isChunk(path))]) {
    mkdirSync(dirname(join(dist, path)), { recursive: true })
    renameSync(join(fresh, path), join(dist, path))
  }
  for (const path of filesBelow(dist)) if (!made.includes(path)) rmSync(join(dist, path))
}

// What a build left that was killed. We hold the lock, so nobody else's is under way.
function removeAbandoned(folder) {
  for (const name of readdirSync(folder)) {
    if (/^dist\.\d+$/.test(name)) rmSync(join(folder, name), { recursive: true, force: true })
  }
}

const stampPath = (name) => join(scratch, `built-${name}`)
const stampText = (...parts) => createHash('sha256').update(JSON.stringify(parts)).digest('hex')

function readStamp(name) {
  try {
    return readFileSync(stampPath(name), 'utf8')
  } catch {
    return undefined
  }
}

const inputs = (name) =>
  [
    ...sharedInputs,
    `packages/${name}/package.json`,
    `packages/${name}/tsup.config.ts`,
    `packages/${name}/${declarations}`,
  ]
    .map(line)
    .join('') +
  listing(`packages/${name}/src`) +
  listing(`packages/${name}/native`)

// Size and time of last change tell as much as contents do, at a hundredth of the price.
function line(path) {
  // Gone since its folder was read, as editors' temporary files are: the next look will tell.
  const { size, mtimeMs } = statSync(join(root, path), { throwIfNoEntry: false }) ?? {}
  return `${path} ${size} ${mtimeMs}\n`
}

function listing(folder) {
  const isInput = (path) => !path.includes('.test.')
  return filesBelow(join(root, folder))
    .filter(isInput)
    .map((path) => line(`${folder}/${path}`))
    .join('')
}
