import { createHash } from 'node:crypto'

/** The digest functions that gorego knows by name; spelled as in resource names. */
export type DigestFunctionName = 'sha256'

/** Takes bytes as they come; `digest()` may be called once. */
export interface Hasher {
  update(bytes: Uint8Array): void
  /** The lowercase hexadecimal hash of everything so far. */
  digest(): string
}

export interface DigestFunction {
  readonly name: DigestFunctionName
  /** The number of `DigestFunction.Value` in REAPI. */
  readonly value: number
  /** Length of the hash in hexadecimal characters. */
  readonly hashLength: number
  /** True where resource names must spell the function out, because its hashes look like another's (DIG-05, RN-06). */
  readonly explicit: boolean
  createHasher(): Hasher
}

function nodeFunction(name: DigestFunctionName, value: number, hashLength: number): DigestFunction {
  return {
    name,
    value,
    hashLength,
    explicit: false,
    createHasher() {
      const hash = createHash(name)
      return { update: (bytes) => void hash.update(bytes), digest: () => hash.digest('hex') }
    },
  }
}

export const SHA256: DigestFunction = nodeFunction('sha256', 1, 64)

/** Every function that this build can compute, the preferred one first. */
export const digestFunctions: readonly DigestFunction[] = [SHA256]

const byName = new Map<string, DigestFunction>(digestFunctions.map((fn) => [fn.name, fn]))
const byValue = new Map(digestFunctions.map((fn) => [fn.value, fn]))

export function digestFunctionNamed(name: string): DigestFunction | undefined {
  return byName.get(name)
}

/** By the number of `DigestFunction.Value`. */
export function digestFunctionOfValue(value: number): DigestFunction | undefined {
  return byValue.get(value)
}

/** DIG-04: a request that names no function means the one whose hashes have this length, never one that must be explicit. */
export function digestFunctionOfLength(hashLength: number): DigestFunction | undefined {
  return digestFunctions.find((fn) => fn.hashLength === hashLength && !fn.explicit)
}
