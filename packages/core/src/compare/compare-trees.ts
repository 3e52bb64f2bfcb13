import type { ContentAddressableStorage } from '../cas/index.js'
import type { Digest } from '../digest/index.js'
import { GoregoError } from '../errors/index.js'
import type { Findings } from './difference.js'
import { type Entry, entriesThatDiffer } from './directory-entries.js'

export interface CompareTreesOptions {
  readonly cas: ContentAddressableStorage
  readonly before: Digest
  readonly after: Digest
  readonly findings: Findings
  readonly signal?: AbortSignal | undefined
}

/** Pairs of Directories that are looked at. Who changes more than that has changed everything. */
const MOST_DIRECTORIES = 5000

/** A Directory of some 200,000 files; a blob beyond this is something else, or nothing to have in memory for this. */
const MAX_DIRECTORY_BYTES = 32 * 1024 * 1024

/** Two Directories that have one path and are not the same. */
interface Pair {
  readonly path: string
  readonly before: Digest
  readonly after: Digest
}

/**
 * Which files below two root Directories are not alike, the shallow ones first. What has one digest on both sides is not even read: the
 * cost is that of the directories with a difference somewhere below. What was put in or taken out as a whole is named once.
 */
export async function compareTrees({ cas, before, after, findings, signal }: CompareTreesOptions): Promise<void> {
  const pairs: Pair[] = before.equals(after) ? [] : [{ path: '', before, after }]
  for (let at = 0; at < pairs.length; at++) {
    if (findings.full) return
    if (at === MOST_DIRECTORIES) return findings.truncate()
    const pair = pairs[at] as Pair
    const sides = await Promise.all([
      readDirectory(cas, pair.before, pair.path, 'first', findings, signal),
      readDirectory(cas, pair.after, pair.path, 'second', findings, signal),
    ])
    if (sides[0] === undefined || sides[1] === undefined) continue
    const differ = await entriesThatDiffer(sides[0], sides[1], before.fn, signal)
    pairs.push(...compareEntries(pair.path, differ.before, differ.after, findings))
  }
}

/** Returns what has to be looked into. */
function compareEntries(
  parent: string,
  before: readonly Entry[],
  after: readonly Entry[],
  findings: Findings,
): readonly Pair[] {
  const deeper: Pair[] = []
  const old = new Map(before.map((entry) => [entry.name, entry]))
  const young = new Map(after.map((entry) => [entry.name, entry]))
  for (const name of [...new Set([...old.keys(), ...young.keys()])].sort()) {
    const [left, right] = [old.get(name), young.get(name)]
    const path = name === '' ? parent || '.' : `${parent}${parent && '/'}${name}`
    if (left?.directory !== undefined && right?.directory !== undefined)
      deeper.push({ path, before: left.directory, after: right.directory })
    else findings.compare('input', path, left?.text, right?.text)
  }
  return deeper
}

async function readDirectory(
  cas: ContentAddressableStorage,
  digest: Digest,
  path: string,
  side: 'first' | 'second',
  findings: Findings,
  signal: AbortSignal | undefined,
): Promise<Uint8Array | undefined> {
  const what = `${path === '' ? 'the input root' : `the directory ${path}`} of the ${side} action`
  if (digest.sizeBytes > MAX_DIRECTORY_BYTES) {
    findings.unknown(`${what} is a Directory of ${digest.sizeBytes} bytes: too large to be compared`)
    return undefined
  }
  try {
    return await cas.get(digest, signal)
  } catch (error) {
    if (!(error instanceof GoregoError && error.code === 'not-found')) throw error
    findings.unknown(`${what} (${digest}) is not in the store any more`)
    return undefined
  }
}
