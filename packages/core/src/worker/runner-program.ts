import { accessSync, constants, existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { GoregoError } from '../errors/index.js'

/** How to start a runner: the program, what node gets before it, and the whole environment. */
export interface RunnerProgram {
  readonly path: string
  readonly execArgv: readonly string[]
  readonly env: Readonly<Record<string, string>>
  /** The native launcher, where the package has one that this machine can run. */
  readonly launcher: string | undefined
  /** The first process of sandboxes, likewise. */
  readonly sandboxInit: string | undefined
}

/** What scripts/lib/build-packages.mjs makes of native/launcher.c. */
const LAUNCHER = `launcher-${process.platform}-${process.arch}`

/** And of native/sandbox-init.c. */
const SANDBOX_INIT = `sandbox-init-${process.platform}-${process.arch}`

/**
 * Keeps a runner small, of which there is one a slot. Measured after the bench's trees and outputs: 100 MB become 67, at the same CPU
 * time an action (decision 5). New space grows to 3 × 16 MB otherwise; and with a threshold of its own, malloc gives large
 * blocks back as soon as they are free, instead of raising the size from which blocks count as large.
 */
const SMALL = {
  execArgv: ['--max-semi-space-size=4'],
  env: { MALLOC_TRIM_THRESHOLD_: String(128 * 1024) },
} as const

/**
 * Finds the runner's program: beside this file in the package; in the installed package where a bundler has put this
 * file elsewhere; or where the embedding tool says it has put it. A runner gets nothing of our environment: an
 * action could read it from /proc, and with it the secrets of whoever started us (CM-03).
 */
export function runnerProgram(explicit?: string): RunnerProgram {
  const built = (path: string): RunnerProgram => ({ path, ...SMALL, ...nativeIn(dirname(path)) })
  if (explicit !== undefined) return built(explicit)
  if (import.meta.url.endsWith('.ts')) {
    // Running from source: the loader that got us this far comes along, and it keeps a cache in the temporary directory.
    const path = fileURLToPath(new URL('../runner/main.ts', import.meta.url))
    const execArgv = process.execArgv.filter((arg) => !arg.startsWith('--inspect'))
    const dist = fileURLToPath(new URL('../../dist', import.meta.url))
    return { path, execArgv, env: { TMPDIR: tmpdir() }, ...nativeIn(dist) }
  }
  const beside = fileURLToPath(new URL('./runner.js', import.meta.url))
  return built(existsSync(beside) ? beside : installed())
}

function installed(): string {
  try {
    return createRequire(import.meta.url).resolve('@gorego/core/runner')
  } catch (cause) {
    throw new GoregoError(
      'failed-precondition',
      'the runner program of @gorego/core was not found: keep the package installed beside your bundle, or copy its dist/runner.js and pass the copy as `runner`',
      { cause },
    )
  }
}

function nativeIn(directory: string): Pick<RunnerProgram, 'launcher' | 'sandboxInit'> {
  return { launcher: programAt(join(directory, LAUNCHER)), sandboxInit: programAt(join(directory, SANDBOX_INIT)) }
}

function programAt(path: string): string | undefined {
  try {
    // Says no on file systems that are mounted without exec, too.
    accessSync(path, constants.X_OK)
    return path
  } catch {
    return undefined
  }
}

/** The path of the program in C that starts commands; undefined where this package has none for this machine, and Node does it. */
export function nativeLauncher(): string | undefined {
  return runnerProgram().launcher
}
