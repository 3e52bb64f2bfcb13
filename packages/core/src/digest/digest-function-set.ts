import { GoregoError } from '../errors/index.js'
import type { DigestFunction, DigestFunctionName } from './digest-function.js'
import { digestFunctions, loadDigestFunction } from './digest-functions.js'

/** The digest functions that a server offers, the preferred one first: by name, by number, and by the look of a hash. */
export class DigestFunctionSet implements Iterable<DigestFunction> {
  readonly #functions: readonly DigestFunction[]
  readonly #byName: ReadonlyMap<string, DigestFunction>
  readonly #byValue: ReadonlyMap<number, DigestFunction>
  readonly #byLength: ReadonlyMap<number, DigestFunction>

  constructor(functions: readonly DigestFunction[]) {
    this.#functions = functions
    this.#byName = new Map(functions.map((fn) => [fn.name, fn]))
    this.#byValue = new Map(functions.map((fn) => [fn.value, fn]))
    this.#byLength = new Map(functions.filter((fn) => !fn.explicit).map((fn) => [fn.hashLength, fn]))
  }

  /**
   * Those of these names, ready for use; by default all that this process can compute. Throws `failed-precondition` if it
   * cannot compute one that was asked for.
   */
  static async load(names?: readonly DigestFunctionName[]): Promise<DigestFunctionSet> {
    if (names !== undefined) return new DigestFunctionSet(await Promise.all(names.map(loadDigestFunction)))
    const prepared = await Promise.allSettled(digestFunctions.map((fn) => fn.prepare()))
    return new DigestFunctionSet(digestFunctions.filter((_, n) => prepared[n]?.status === 'fulfilled'))
  }

  /** CP-02: the one for clients that have no wish of their own. */
  get preferred(): DigestFunction {
    const [first] = this.#functions
    if (first === undefined) throw new GoregoError('invalid-argument', 'a server offers one digest function or more')
    return first
  }

  /** The names, for people. */
  get names(): string {
    return this.#functions.map((fn) => fn.name).join(', ')
  }

  named(name: string): DigestFunction | undefined {
    return this.#byName.get(name)
  }

  /** By the number of `DigestFunction.Value`. */
  ofValue(value: number): DigestFunction | undefined {
    return this.#byValue.get(value)
  }

  /** DIG-04: a request that names no function means the one whose hashes have this length, never one that must be explicit. */
  ofLength(hashLength: number): DigestFunction | undefined {
    return this.#byLength.get(hashLength)
  }

  [Symbol.iterator](): Iterator<DigestFunction> {
    return this.#functions[Symbol.iterator]()
  }
}
