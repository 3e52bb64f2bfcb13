// node_modules, by the pnpm that package.json pins and that nobody needs to have.
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { run } from './run.mjs'
import { manifests, pnpmVersion, readJson, root } from './workspace.mjs'

const stamp = join(root, 'node_modules', '.gorego-installed')

export function isInstalled() {
  return existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted() && manifests().every(hasItsModules)
}

export async function install() {
  const before = wanted()
  const { ok, output } = await pnpmInstall()
  if (!ok) throw new Error(`installing the dependencies failed:\n\n${output.trimEnd()}\n\n${nextStep(output)}`)
  writeFileSync(stamp, before)
}

// Everything that decides what is in node_modules, and nothing else: a new script in a package.json is no reason to install.
function wanted() {
  const hash = createHash('sha256').update(`${process.platform} ${process.arch}\n`)
  for (const path of ['pnpm-lock.yaml', 'pnpm-workspace.yaml']) hash.update(readFileSync(join(root, path)))
  for (const path of manifests()) {
    const { name, bin, packageManager, ...rest } = readJson(path)
    hash.update(JSON.stringify([path, name, bin, packageManager, dependencies(rest)]))
  }
  return hash.digest('hex')
}

const dependencies = (manifest) => Object.entries(manifest).filter(([key]) => /dependencies/i.test(key))

function hasItsModules(path) {
  const wantsModules = dependencies(readJson(path)).some(([, wants]) => Object.keys(wants).length > 0)
  return !wantsModules || existsSync(join(root, dirname(path), 'node_modules'))
}

async function pnpmInstall() {
  const version = pnpmVersion()
  const args = ['install', '--frozen-lockfile', '--prefer-offline']
  const viaNpx = await run('npx', ['-y', `pnpm@${version}`, ...args], { env: environment() })
  // A pnpm that ran and refused will refuse again, whoever fetches it.
  if (viaNpx.ok || viaNpx.output.includes('ERR_PNPM_')) return viaNpx
  const viaCorepack = await run('corepack', [`pnpm@${version}`, ...args], { env: environment() })
  if (viaCorepack.ok) return viaCorepack
  return {
    ok: false,
    output: `npx -y pnpm@${version} said:\n${viaNpx.output}\ncorepack pnpm@${version} said:\n${viaCorepack.output}`,
  }
}

function environment() {
  // In production mode pnpm would leave out the compiler; CI=true means: never ask.
  const { NODE_ENV, ...rest } = process.env
  return { ...rest, CI: 'true', COREPACK_ENABLE_DOWNLOAD_PROMPT: '0' }
}

function nextStep(output) {
  const pnpm = `npx -y pnpm@${pnpmVersion()}`
  if (output.includes('ERR_PNPM_OUTDATED_LOCKFILE')) {
    return `A package.json asks for something that pnpm-lock.yaml does not have. Next: run "${pnpm} install" and commit the lockfile.`
  }
  return `Next: see whether this machine reaches its npm registry ("npm ping"; behind a proxy: "npm config set proxy …"), then run "${pnpm} install" in ${root}.`
}
