import { createHash } from 'node:crypto'
import { lstat, readdir, unlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Digest, DigestFunction } from '../digest/index.js'
import { CheckedFiles, makeDirectories } from '../disk/index.js'
import { parseRemembered, type Remembered, serializeRemembered } from './remembered-runs.js'

export interface NamedRunsOptions {
  /** A directory of theirs, made when the first is noted. */
  readonly directory: string
  /** A directory of this process's own on the same file system. */
  readonly temporary: string
  readonly fn: DigestFunction
  /** How many names of each of 256 shards are remembered; those used longest ago are forgotten. Default 256: 65,536 in all. */
  readonly mostOfShard?: number
}

/** A run that has come to an end. */
export interface EndedRun {
  readonly action: Digest
  /** Whether its result was there. */
  readonly cached: boolean
  /** When the command ended, or its result was found, in milliseconds since 1970. */
  readonly endedAt: number
}

const MOST_OF_SHARD = 256

/**
 * What ran last under each name, below an executor's root: a small file a name, whole or as good as absent, so that any number of processes may
 * note and be killed. A run that was answered with the result that the last one had changes nothing and writes nothing.
 */
export class NamedRuns {
  readonly #options: NamedRunsOptions
  readonly #files: CheckedFiles
  /** Shards that names are being forgotten of. */
  readonly #tidying = new Map<string, Promise<void>>()

  constructor(options: NamedRunsOptions) {
    this.#options = options
    const { temporary, directory: what } = options
    this.#files = new CheckedFiles({ temporary, what })
  }

  recall(name: string): Remembered | undefined {
    const bytes = this.#files.read(this.#path(name))
    return bytes === undefined ? undefined : parseRemembered(bytes, this.#options.fn)
  }

  note(name: string, { action, cached, endedAt }: EndedRun): void {
    const before = this.recall(name)
    const last = { digest: action, endedAt }
    // The second of two at one time that were merged is no run of its own.
    if (before?.last.digest.equals(action) && (cached || before.ran?.endedAt === endedAt)) return
    const ran = cached ? before?.ran : { ...last, ...(before === undefined ? {} : { after: before.last }) }
    const remembered: Remembered = { last, ...(ran === undefined ? {} : { ran }) }
    const path = this.#path(name)
    const shard = dirname(path)
    // What actions are called is nobody else's business.
    makeDirectories(shard, { mode: 0o700 })
    this.#files.write(path, serializeRemembered(remembered))
    if (before === undefined && !this.#tidying.has(shard)) {
      const tidied = this.#forgetOldest(shard).catch(() => {})
      this.#tidying.set(shard, tidied)
      void tidied.then(() => this.#tidying.delete(shard))
    }
  }

  /** Resolves when nothing is under way. */
  async close(): Promise<void> {
    await Promise.all(this.#tidying.values())
  }

  async #forgetOldest(shard: string): Promise<void> {
    const most = this.#options.mostOfShard ?? MOST_OF_SHARD
    const names = await readdir(shard)
    if (names.length <= most) return
    const files = await Promise.all(
      names.map(async (name) => ({ name, usedAt: (await lstat(join(shard, name))).mtimeMs })),
    )
    files.sort((one, other) => one.usedAt - other.usedAt)
    for (const { name } of files.slice(0, names.length - most)) await unlink(join(shard, name))
  }

  #path(name: string): string {
    const hash = createHash('sha256').update(name).digest('hex')
    return join(this.#options.directory, hash.slice(0, 2), hash)
  }
}
