import type { ContentAddressableStorage } from '../cas/index.js'
import type { Digest } from '../digest/index.js'
import { GoregoError } from '../errors/index.js'
import { compareCommands, compareMaps } from './compare-commands.js'
import { compareTrees } from './compare-trees.js'
import { type DescribedAction, describeAction } from './described-action.js'
import { type Comparison, type DifferenceKind, Findings } from './difference.js'

/** Two actions, and the store that has them. */
export interface CompareActionsOptions {
  readonly cas: ContentAddressableStorage
  /** Digest of the Action that comes first: the earlier one, say. */
  readonly before: Digest
  /** Digest of the other Action, of the same digest function. */
  readonly after: Digest
  /** How many differences are named at most. Default 100. */
  readonly maxDifferences?: number
  readonly signal?: AbortSignal
}

const DEFAULT_MOST = 100

/**
 * Why two actions are not one: what of their commands, platforms, fields and input files is not the same. Both Merkle trees are walked
 * where they differ, and only there.
 *
 * Throws `not-found` when one of the Actions or its Command is not in the store, `invalid-argument` when a digest is that of
 * something else, or the two are of different digest functions. Directories that are gone are named in `unknown`.
 */
export async function compareActions(options: CompareActionsOptions): Promise<Comparison> {
  const { cas, maxDifferences = DEFAULT_MOST, signal } = options
  if (options.before.fn !== options.after.fn)
    throw new GoregoError(
      'invalid-argument',
      `actions hashed with ${options.before.fn.name} and ${options.after.fn.name} cannot be compared: all their digests differ`,
    )
  const findings = new Findings(maxDifferences)
  if (options.before.equals(options.after)) return findings.comparison
  const [before, after] = await Promise.all([
    describeAction(cas, options.before, signal),
    describeAction(cas, options.after, signal),
  ])
  if (!before.commandDigest.equals(after.commandDigest)) compareCommands(before.command, after.command, findings)
  compareMaps('platform', valuesByName(before), valuesByName(after), findings)
  compareFields(before, after, findings)
  await compareTrees({ cas, before: before.inputRoot, after: after.inputRoot, findings, signal })
  return findings.comparison
}

function compareFields(before: DescribedAction, after: DescribedAction, findings: Findings): void {
  const compare = (kind: DifferenceKind, textOf: (described: DescribedAction) => string | undefined) =>
    findings.compare(kind, '', textOf(before), textOf(after))
  compare('timeout', ({ timeoutSeconds }) => (timeoutSeconds === undefined ? undefined : `${timeoutSeconds} s`))
  compare('caching', ({ action }) => (action.getDoNotCache() ? 'not cached' : 'cached'))
  compare('salt', ({ action }) => Buffer.from(action.getSalt_asU8()).toString('hex') || undefined)
}

/** All values of each property. */
function valuesByName({ platform }: DescribedAction): Map<string, string> {
  const values = new Map<string, string>()
  for (const [name, value] of platform) {
    const others = values.get(name)
    values.set(name, others === undefined ? value : `${others}, ${value}`)
  }
  return values
}
