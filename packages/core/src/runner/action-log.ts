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
  readonly #lines: string[] = []

  note(label: string, fact: string): void {
    const text = fact.length > LONGEST ? `${fact.slice(0, LONGEST)}… (${fact.length} characters)` : fact
    this.#lines.push(`${label.padEnd(LABEL_WIDTH)}${text}\n`)
  }

  get text(): string {
    return this.#lines.join('')
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
