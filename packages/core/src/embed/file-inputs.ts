import { type BigIntStats, statSync } from 'node:fs'
import { performance } from 'node:perf_hooks'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { ContentAddressableStorage } from '../cas/index.js'
import type { Digest, DigestFunction } from '../digest/index.js'
import { GoregoError } from '../errors/index.js'
import { concurrently } from './concurrently.js'
import type { Input } from './inputs.js'
import type { KnownFiles } from './known-files.js'
import { storeFile } from './store-file.js'
import { unreadable } from './unreadable.js'

/** Files that are hashed and stored at the same time. */
const WIDTH = 8

/** Digests that the store is asked for at once. */
const BATCH = 2_000

/** How long files are looked at, in milliseconds, before other work gets a turn: one by one without waiting is ten times faster. */
const TURN_MS = 2

export type FileInput = Extract<Input, { kind: 'file' }>

/** A file of this machine, in the store. */
export interface StoredFile {
  readonly digest: Digest
  readonly executable: boolean
}

export interface FileInputsOptions {
  readonly cas: ContentAddressableStorage
  readonly fn: DigestFunction
  readonly knownFiles?: KnownFiles | undefined
  readonly signal?: AbortSignal | undefined
}

interface Looked {
  readonly input: FileInput
  readonly stats: BigIntStats
  /** When it was looked at, in milliseconds since 1970. */
  readonly at: number
  readonly known: Digest | undefined
}

/**
 * Stores files of this machine that the store does not have, and returns their digests in the order asked. A file that is what it was
 * when it was hashed last is not read, unless the store has lost it.
 */
export async function storeFileInputs(files: readonly FileInput[], options: FileInputsOptions): Promise<StoredFile[]> {
  const { cas, fn, knownFiles, signal } = options
  if (files.length > 0) await knownFiles?.load()
  const looked = await lookAt(files, options)
  const missing = new Set<string>()
  const known = looked.flatMap((file) => file.known ?? [])
  for (let at = 0; at < known.length; at += BATCH)
    for (const { key } of await cas.findMissing(known.slice(at, at + BATCH), signal)) missing.add(key)
  const digests = looked.map((file) => (file.known && !missing.has(file.known.key) ? file.known : undefined))
  const toRead = [...looked.keys()].filter((n) => digests[n] === undefined)
  await concurrently(toRead, WIDTH, async (n) => {
    const { input, stats, at } = looked[n] as Looked
    try {
      const digest = await storeFile(cas, fn, { path: input.path, size: Number(stats.size) }, signal)
      digests[n] = digest
      knownFiles?.note(input.path, stats, digest, at)
    } catch (error) {
      throw unreadable(error, input.path, 'file')
    }
  })
  return looked.map(({ input, stats }, n) => ({
    digest: digests[n] as Digest,
    executable: input.executable ?? (stats.mode & 0o100n) !== 0n,
  }))
}

async function lookAt(files: readonly FileInput[], { knownFiles, signal }: FileInputsOptions): Promise<Looked[]> {
  const looked: Looked[] = []
  let began = performance.now()
  for (const input of files) {
    const { path } = input
    const at = knownFiles?.now() ?? 0
    const stats = statsOf(path)
    if (!stats.isFile()) {
      const hint = stats.isDirectory() ? '; use directory() for a whole directory' : ''
      throw new GoregoError('invalid-argument', `the input ${path} is not a file${hint}`)
    }
    looked.push({ input, stats, at, known: knownFiles?.find(path, stats) })
    if (performance.now() - began < TURN_MS) continue
    await nextTurn(undefined, { signal })
    began = performance.now()
  }
  return looked
}

function statsOf(path: string): BigIntStats {
  try {
    return statSync(path, { bigint: true })
  } catch (error) {
    throw unreadable(error, path, 'file')
  }
}
