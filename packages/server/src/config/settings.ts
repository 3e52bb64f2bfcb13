import { join } from 'node:path'
import type { Config } from './config.js'
import { boolean, type Kind, listenAddress, oneOf, path, positiveNumber, wholeNumber } from './kinds.js'
import { type Surroundings, userCacheDirectory } from './surroundings.js'

/** The flags of `gorego start` that stand for a setting, without their dashes. */
export type ConfigFlag = 'listen' | 'dir' | 'concurrency' | 'log-level'

export interface Setting<T> {
  readonly kind: Kind<NonNullable<T>>
  readonly fallback: (surroundings: Surroundings) => T
  /** The default as a person reads it, where it is not just the value. */
  readonly fallbackText?: string
  readonly flag?: ConfigFlag
  /** A flag that puts this setting back to its default, whatever the file and the environment say. */
  readonly resetBy?: ConfigFlag
  /** For docs/configuration.md. */
  readonly about: string
}

type SettingsOf<Section> = {
  readonly [K in keyof Section]: Section[K] extends object ? SettingsOf<Section[K]> : Setting<Section[K]>
}

/** The one table: whatever can be set has a line here, and keys, variables, the loader and the documentation follow from it. */
const settings: SettingsOf<Config> = {
  listenAddr: {
    kind: listenAddress,
    fallback: () => '127.0.0.1:50051',
    flag: 'listen',
    about:
      'Where gRPC is served: `host:port` (`[::1]:50051` for IPv6, port 0 takes a free one) or `unix:/path`. Whoever reaches it can run commands as the user that gorego runs as.',
  },
  localCache: {
    dir: {
      kind: path,
      fallback: (surroundings) => join(userCacheDirectory(surroundings), 'server'),
      fallbackText:
        '`$XDG_CACHE_HOME/gorego/server`; without that variable `~/.cache/gorego/server`, on macOS `~/Library/Caches/gorego/server`',
      flag: 'dir',
      about:
        'Where blobs and action results are kept; made if absent. `--dir` also puts `execution.build_root` below it.',
    },
    maxSizeGb: {
      kind: positiveNumber({ of: 'gigabytes' }),
      fallback: () => 50,
      about:
        'How much disk space blobs may take, in GB of 10⁹ bytes; fractions are allowed. The least recently used ones make room.',
    },
  },
  execution: {
    enabled: {
      kind: boolean,
      fallback: () => true,
      about: '`false`: a remote cache that executes nothing.',
    },
    concurrency: {
      kind: wholeNumber({ min: 0, max: 1024 }),
      fallback: () => 0,
      fallbackText: '`0`: the number of CPUs',
      flag: 'concurrency',
      about: 'How many actions run at once.',
    },
    buildRoot: {
      kind: path,
      fallback: () => undefined,
      fallbackText: 'below `local_cache.dir`',
      resetBy: 'dir',
      about:
        'Where actions run. On another file system than `local_cache.dir`, inputs are copied instead of linked, which is slower.',
    },
    queueSize: {
      kind: wholeNumber({ of: 'actions', min: 1 }),
      fallback: () => 10_000,
      about: 'How many actions may wait for a slot; further ones are refused with `RESOURCE_EXHAUSTED`.',
    },
  },
  logLevel: {
    kind: oneOf(['debug', 'info', 'warn', 'error']),
    fallback: () => 'info',
    flag: 'log-level',
    about: 'What is logged to standard error: messages of this weight and more.',
  },
}

export interface SettingEntry extends Setting<unknown> {
  /** Where it is in a Config. */
  readonly path: readonly string[]
  /** As config.yaml has it: `local_cache.max_size_gb`. */
  readonly key: string
  /** `GOREGO_LOCAL_CACHE_MAX_SIZE_GB` */
  readonly variable: string
}

/** The table as a list, in its order. */
export const settingEntries: readonly SettingEntry[] = flatten(settings, [])

interface SettingTree {
  readonly [name: string]: SettingTree | Setting<unknown>
}

function flatten(section: object, above: readonly string[]): SettingEntry[] {
  return Object.entries(section as SettingTree).flatMap(([name, node]) => {
    const path = [...above, name]
    if (!isSetting(node)) return flatten(node, path)
    const key = path.map(snakeCase).join('.')
    return { ...node, path, key, variable: `GOREGO_${key.replaceAll('.', '_').toUpperCase()}` }
  })
}

function isSetting(node: SettingTree | Setting<unknown>): node is Setting<unknown> {
  return typeof node.fallback === 'function'
}

function snakeCase(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}
