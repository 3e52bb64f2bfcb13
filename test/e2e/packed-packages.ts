// The packages as they would be published, and installed as a stranger would.
import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const run = promisify(execFile)
const repository = fileURLToPath(new URL('../../', import.meta.url))
const { packageManager } = JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8'))
const pnpm = ['-y', packageManager]

/** Folders below packages/ that are published, by the name under which they are. */
export const published = { '@gorego/core': 'core', '@gorego/server': 'server', gorego: 'cli' } as const
export type PackageName = keyof typeof published

export const packageManagers = ['npm', 'pnpm'] as const
export type PackageManager = (typeof packageManagers)[number]

// What package managers say when they cannot get at a registry, as opposed to what is wrong with the packages.
const unreachable =
  /\b(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|ENOTCACHED|ERR_PNPM_META_FETCH_FAIL)\b/

/** Packs every package, declarations included, into `directory`: paths of the tarballs. */
export async function packPackages(directory: string): Promise<Record<PackageName, string>> {
  // pnpm, on a Node that can, keeps compiled code in the temporary directory.
  process.env.NODE_DISABLE_COMPILE_CACHE = '1'
  const declared = ['core', 'server'].map((folder) => join(repository, 'packages', folder, 'dist/types/index.d.ts'))
  if (!declared.every((path) => existsSync(path))) {
    await run(process.execPath, [join(repository, 'scripts/build.mjs')])
  }
  const tarballs: Partial<Record<PackageName, string>> = {}
  for (const [name, folder] of Object.entries(published) as [PackageName, string][]) {
    const into = join(directory, folder)
    mkdirSync(into, { recursive: true })
    await run('npx', [...pnpm, 'pack', '--pack-destination', into], { cwd: join(repository, 'packages', folder) })
    tarballs[name] = join(into, readdirSync(into)[0] as string)
  }
  return tarballs as Record<PackageName, string>
}

/**
 * Installs the tarballs into `directory`, which it makes; other packages come from the registry of this machine.
 * Returns why that is not possible when the registry is out of reach; throws what the package manager says of all else.
 */
export async function installPacked(
  manager: PackageManager,
  directory: string,
  tarballs: Record<PackageName, string>,
): Promise<string | undefined> {
  mkdirSync(directory, { recursive: true })
  const files = Object.fromEntries(Object.entries(tarballs).map(([name, path]) => [name, `file:${path}`]))
  const manifest = { private: true, type: 'module', dependencies: files }
  // No registry has our versions yet: with pnpm what the packages want of each other has to be told.
  const overrides = manager === 'pnpm' ? { pnpm: { overrides: files } } : {}
  writeFileSync(join(directory, 'package.json'), JSON.stringify({ ...manifest, ...overrides }, null, 2))
  try {
    if (manager === 'npm') {
      await run('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund'], { cwd: directory })
    } else {
      // Beside the repository's: on another file system pnpm would make a store of its own, at the top of that one.
      const { stdout } = await run('npx', [...pnpm, 'store', 'path'], { cwd: repository })
      const args = ['install', '--prefer-offline', '--store-dir', stdout.trim()]
      await run('npx', [...pnpm, ...args], { cwd: directory, env: { ...process.env, CI: 'true' } })
    }
    return undefined
  } catch (error) {
    const said = `${(error as { stdout?: string }).stdout ?? ''}${(error as { stderr?: string }).stderr ?? ''}`
    const code = unreachable.exec(said)?.[0]
    if (code !== undefined) return `${manager} does not reach its registry (${code})`
    throw new Error(`${manager} install in ${basename(directory)} failed:\n${said || String(error)}`)
  }
}

/** Paths and sizes in bytes of the files in a tarball, by path, without the folder `package/` that they are all in. */
export async function filesIn(tarball: string): Promise<Map<string, number>> {
  const { stdout } = await run('tar', ['-tzvf', tarball], { maxBuffer: 1 << 24 })
  const lines = stdout.trimEnd().split('\n')
  // mode, owner, size, date, time, path
  const entries = lines.map((line) => line.split(/\s+/)).map((words) => [words[5] ?? '', Number(words[2])] as const)
  return new Map(entries.map(([path, size]) => [path.replace(/^package\//, ''), size]))
}
