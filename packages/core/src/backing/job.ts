import type { ActionKey } from '../action-cache/index.js'
import { Digest, digestFunctions } from '../digest/index.js'

/** Something that is here and is to be in the backing cache as well. */
export type Job =
  | { readonly kind: 'blob'; readonly digest: Digest }
  | { readonly kind: 'result'; readonly key: ActionKey }

/** One line of text that says it all. */
export function encodeJob(job: Job): string {
  const { fn, hash, sizeBytes } = job.kind === 'blob' ? job.digest : job.key.action
  const parts = [job.kind, fn.name, hash, sizeBytes]
  return JSON.stringify(job.kind === 'blob' ? parts : [...parts, job.key.instance])
}

/** Undefined for whatever is no job: a line may be cut short. */
export function decodeJob(line: string): Job | undefined {
  try {
    const [kind, name, hash, size, instance] = JSON.parse(line) as unknown[]
    const fn = digestFunctions.find((each) => each.name === name)
    if (fn === undefined || typeof hash !== 'string' || typeof size !== 'number') return undefined
    const digest = Digest.of(fn, hash, size)
    if (kind === 'blob') return { kind, digest }
    return kind === 'result' && typeof instance === 'string' ? { kind, key: { instance, action: digest } } : undefined
  } catch {
    return undefined
  }
}
