import { readFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Config } from './config.js'
import { ConfigError } from './config-error.js'
import type { Findings } from './found-value.js'
import type { ConfigFlag } from './setting.js'
import { type SettingEntry, settingEntries } from './settings.js'
import { resolvePath, type Surroundings } from './surroundings.js'
import { readEnvironment, readFlags } from './text-sources.js'

/** Where settings come from: flags go before variables, and those before the file. */
export interface LoadConfigOptions {
  readonly surroundings: Surroundings
  /** A config.yaml; without one there are the defaults. */
  readonly file?: string
  /** By their names without dashes, as they were written. */
  readonly flags?: Readonly<Partial<Record<ConfigFlag, string>>>
}

/** The settings, and what is odd about them. */
export interface LoadedConfig {
  readonly config: Config
  /** What does no harm but is probably not what was meant. */
  readonly warnings: readonly string[]
}

/**
 * Defaults, over them what config.yaml says, over that GOREGO_* variables, over those flags. Throws a ConfigError with
 * everything that is wrong in any of them.
 */
export async function loadConfig({ surroundings, file, flags = {} }: LoadConfigOptions): Promise<LoadedConfig> {
  const { env, cwd, home } = surroundings
  const fromHere = (path: string) => resolvePath(path, cwd, home)
  const environment = readEnvironment(env, fromHere)
  const inFile = file === undefined ? { values: [], problems: [] } : await readConfigFile(file, surroundings)
  const sources = [inFile, environment, readFlags(flags, fromHere)]
  const problems = sources.flatMap((source) => source.problems)
  if (problems.length > 0) throw new ConfigError(problems)
  return { config: compose(sources, surroundings), warnings: environment.warnings }
}

async function readConfigFile(file: string, { cwd, home }: Surroundings): Promise<Findings> {
  const path = resolvePath(file, cwd, home)
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    return { values: [], problems: [{ where: file, message: cannotRead(error as NodeJS.ErrnoException) }] }
  }
  // Only now: YAML's parser is a good part of what starting costs, and most servers have no file.
  const { readYaml } = await import('./yaml-source.js')
  return readYaml(text, file, (written) => resolvePath(written, dirname(path), home))
}

function cannotRead({ code, message }: NodeJS.ErrnoException): string {
  if (code === 'ENOENT') return 'cannot be read: there is no such file; --config takes the path of one'
  if (code === 'EISDIR') return 'cannot be read: it is a directory; --config takes the path of a file'
  if (code === 'EACCES') return 'cannot be read: this user may not; change its owner or mode'
  return `cannot be read: ${message}`
}

function compose(sources: readonly Findings[], surroundings: Surroundings): Config {
  const given = new Map<SettingEntry, unknown>()
  for (const { values } of sources) for (const { entry, value } of values) given.set(entry, value)
  const config: Record<string, unknown> = {}
  for (const entry of settingEntries) {
    place(config, entry.path, given.get(entry) ?? entry.fallback(surroundings))
  }
  // The table's type is Config's own, so every field has been set, to a value that its kind or default made.
  return config as unknown as Config
}

function place(section: Record<string, unknown>, [name = '', ...below]: readonly string[], value: unknown): void {
  if (below.length === 0) {
    section[name] = value
  } else {
    section[name] ??= {}
    place(section[name] as Record<string, unknown>, below, value)
  }
}
