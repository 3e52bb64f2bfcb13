import type { Digest, DigestFunction } from '../digest/index.js'
import type { BlobFiles } from './blob-files.js'
import { type PlainDigest, toPlainDigest } from './protocol.js'

/** Of one entry so many characters are kept. */
const LONGEST = 4_000

const LABEL_WIDTH = 13

/**
 * What was done for an action, for whoever wants to know why it failed (ER-05): one fact a line, never the value of an
 * environment variable, which may be a secret.
 */
export class ActionLog {
  readonly #facts: (readonly [label: string, fact: () => string])[] = []

  /** The fact is asked for where somebody wants to read it, which is seldom. */
  note(label: string, fact: () => string): void {
    this.#facts.push([label, fact])
  }

  get text(): string {
    return this.#facts.map(([label, fact]) => `${label.padEnd(LABEL_WIDTH)}${shortened(fact())}\n`).join('')
  }

  /** Undefined where there is no room for it: that must not hide the failure itself. */
  store(fn: DigestFunction, blobs: BlobFiles): PlainDigest | undefined {
    let digest: Digest
    try {
      digest = blobs.storeBytes(fn, Buffer.from(this.text))
    } catch {
      return undefined
    }
    return toPlainDigest(digest)
  }
}

function shortened(fact: string): string {
  return fact.length > LONGEST ? `${fact.slice(0, LONGEST)}… (${fact.length} characters)` : fact
}
