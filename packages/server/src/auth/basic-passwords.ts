import { BcryptWorker } from './bcrypt-worker.js'
import type { Passwords } from './htpasswd-file.js'
import { secretDigest } from './secret-digest.js'

/** So many credentials are remembered, good and bad ones. */
const REMEMBERED = 1000

/** Longer ones mean no good. */
const LONGEST = 1000

/** Compared with where the name is unknown: how long it takes must not say which names there are. Nobody's. */
const NOBODY = `$2b$10$${'.'.repeat(53)}`

/** Who shows which password. One that was looked at is remembered, so that the calls of a build pay once. */
export class BasicPasswords implements Disposable {
  readonly #worker = new BcryptWorker()
  #passwords: Passwords
  #known = new Map<string, string | undefined>()

  constructor(passwords: Passwords) {
    this.#passwords = passwords
  }

  replace(passwords: Passwords): void {
    this.#passwords = passwords
    this.#known = new Map()
  }

  /** The name, or undefined if it is not who it says. `encoded`: `name:password` in base64. */
  nameOf(encoded: string): string | undefined | Promise<string | undefined> {
    if (encoded.length > LONGEST) return undefined
    const key = secretDigest(encoded)
    return this.#known.has(key) ? this.#known.get(key) : this.#look(encoded, key)
  }

  [Symbol.dispose](): void {
    this.#worker[Symbol.dispose]()
  }

  async #look(encoded: string, key: string): Promise<string | undefined> {
    const known = this.#known
    const text = Buffer.from(encoded, 'base64').toString('utf8')
    const colon = text.indexOf(':')
    const [name, password] = [text.slice(0, Math.max(colon, 0)), text.slice(colon + 1)]
    const hash = this.#passwords.get(name)
    const fits = (await this.#worker.fits(password, hash ?? NOBODY)) && hash !== undefined
    const found = fits ? name : undefined
    const [oldest] = known.size >= REMEMBERED ? known.keys() : []
    if (oldest !== undefined) known.delete(oldest)
    // Of a file that has changed meanwhile nothing is remembered: then `known` is nobody's.
    known.set(key, found)
    return found
  }
}
