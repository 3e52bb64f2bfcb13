import type { ContentAddressableStorage } from '../cas/index.js'
import type { Digest } from '../digest/index.js'
import { wireFields } from '../proto/wire.js'

/** A larger root directory is not read here: a look at it would take longer than most differences cost. */
const MAX_ROOT_BYTES = 256 * 1024

/** How many outlines are kept, a few kilobytes each: those of the slots, and of what was asked for last. */
const MAX_OUTLINES = 64

/** A slot, as far as its input root is concerned. */
export interface KeepsInputRoot {
  /** Of the last action; undefined where there is none, or nobody knows. */
  readonly inputRoot: Digest | undefined
  /** Busy with it for a moment. */
  readonly restoring: boolean
}

/** The entries of a root directory, each with its name and digest. Two roots that share many differ in little. */
type Outline = ReadonlySet<string>

/**
 * Finds the slot whose input root takes the least to be changed into another: the same one, or else the one that shares
 * the most entries of the top directory with it.
 */
export class NearestSlot {
  readonly #cas: ContentAddressableStorage
  readonly #outlines = new Map<string, Outline>()

  constructor(cas: ContentAddressableStorage) {
    this.#cas = cas
  }

  /**
   * Takes a slot out of the list, which may change meanwhile. Of those that are equally near one that need not be waited
   * for, and of those the last in the list. Undefined if there is none.
   */
  async take<S extends KeepsInputRoot>(free: S[], wanted: Digest | undefined): Promise<S | undefined> {
    if (free.length < 2) return free.pop()
    if (wanted === undefined) return takeBest(free, () => 0)
    const isSame = ({ inputRoot }: S) => Number(inputRoot?.equals(wanted) === true)
    if (free.some(isSame)) return takeBest(free, isSame)
    for (const root of [wanted, ...free.map(({ inputRoot }) => inputRoot)]) await this.#load(root)
    return takeBest(free, ({ inputRoot }) => this.#shared(wanted, inputRoot))
  }

  #shared(wanted: Digest, root: Digest | undefined): number {
    const [one, other] = [this.#outlines.get(wanted.key), root && this.#outlines.get(root.key)]
    if (one === undefined || other === undefined) return 0
    let shared = 0
    for (const entry of one) if (other.has(entry)) shared++
    return shared
  }

  /** What is not there, or no Directory, has no outline: whoever is to run the action will say so. */
  async #load(root: Digest | undefined): Promise<void> {
    if (root === undefined || root.sizeBytes > MAX_ROOT_BYTES || this.#outlines.has(root.key)) return
    try {
      this.#outlines.set(root.key, outlineOf(await this.#cas.get(root)))
    } catch {
      return
    }
    const [oldest = ''] = this.#outlines.keys()
    if (this.#outlines.size > MAX_OUTLINES) this.#outlines.delete(oldest)
  }
}

function takeBest<S extends KeepsInputRoot>(free: S[], nearness: (slot: S) => number): S | undefined {
  let best: { readonly n: number; readonly near: number; readonly ready: boolean } | undefined
  for (const [n, slot] of free.entries()) {
    const [near, ready] = [nearness(slot), !slot.restoring]
    if (best === undefined || near > best.near || (near === best.near && (ready || !best.ready)))
      best = { n, near, ready }
  }
  return best && free.splice(best.n, 1)[0]
}

function outlineOf(directory: Uint8Array): Outline {
  const entries = new Set<string>()
  for (const { bytes } of wireFields(directory))
    if (bytes !== undefined) entries.add(Buffer.from(bytes).toString('latin1'))
  return entries
}
