import type { ContentAddressableStorage } from '../cas/index.js'
import type { Output } from '../embed/run-result.js'
import { GoregoError } from '../errors/index.js'

/** What a node took: an output of another one. */
export interface Taken {
  readonly node: string
  readonly output: Output
}

/**
 * Of the outputs that a node took, those that were gone by the time it could have used them, as far as its failure is about that. Evicted
 * in between, say: what is taken is known by its digest and not held on to.
 */
export async function lostOutputs(
  error: unknown,
  taken: readonly Taken[],
  store: ContentAddressableStorage,
  signal: AbortSignal,
): Promise<Taken[]> {
  if (!(error instanceof GoregoError)) return []
  const named = error.details.flatMap((detail) => (detail.kind === 'missing-blobs' ? detail.subjects : []))
  // A directory is read before anything is asked to run.
  if (named.length === 0 && error.code !== 'not-found') return []
  const digests = taken.flatMap(({ output }) => digestsOf(output))
  const gone = new Set((await store.findMissing(digests, signal)).map(nameOf))
  for (const name of named) gone.add(name)
  const known = new Set(digests.map(nameOf))
  // Something inside a directory: in which, only its own cached result could tell.
  const isInside = named.some((name) => !known.has(name))
  return taken.filter(
    ({ output }) =>
      digestsOf(output).some((digest) => gone.has(nameOf(digest))) || (isInside && output.kind === 'directory'),
  )
}

/** As missing blobs are named. */
const nameOf = (digest: { toString(): string }) => `blobs/${digest}`

function digestsOf(output: Output) {
  if (output.kind === 'file') return [output.digest]
  return output.kind === 'symlink' ? [] : [output.tree, output.rootDirectory].flatMap((digest) => digest ?? [])
}
