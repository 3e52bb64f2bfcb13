import { GoregoError } from '@gorego/core'
import type { Reloaded } from '../reload/reloaded.js'
import { BasicPasswords } from './basic-passwords.js'
import type { Passwords } from './htpasswd-file.js'
import { ANONYMOUS } from './permission.js'
import { secretDigest } from './secret-digest.js'
import type { Tokens } from './token-file.js'

/** What a caller shows. */
export interface Credentials {
  /** The header of that name. */
  readonly authorization: string | undefined
  /** The common name of the certificate, which was looked at when the connection was made. */
  readonly certificate: string | undefined
}

export interface AuthenticatorOptions {
  readonly tokens: Reloaded<Tokens> | undefined
  readonly passwords: Reloaded<Passwords> | undefined
}

/** Who somebody is. A header goes before a certificate: it is nearer to the person. */
export class Authenticator implements Disposable {
  readonly #tokens: Reloaded<Tokens> | undefined
  readonly #passwords: Reloaded<Passwords> | undefined
  readonly #basic: BasicPasswords | undefined

  constructor({ tokens, passwords }: AuthenticatorOptions) {
    this.#tokens = tokens
    this.#passwords = passwords
    this.#basic = passwords && new BasicPasswords(passwords.value)
    passwords?.onChange((changed) => this.#basic?.replace(changed))
  }

  /** The name; `anonymous` where nothing is shown. Throws `unauthenticated` for what is shown and not good. */
  nameOf({ authorization, certificate }: Credentials): string | Promise<string> {
    if (authorization === undefined) return certificate ?? ANONYMOUS
    const [scheme, shown = ''] = /^(\S+) +(\S+) *$/.exec(authorization)?.slice(1) ?? []
    switch (scheme?.toLowerCase()) {
      case 'bearer':
        return known(this.#tokens?.value.get(secretDigest(shown)), 'the bearer token', 'auth.tokens_file')
      case 'basic': {
        const found = this.#basic?.nameOf(shown)
        const check = (name: string | undefined) => known(name, 'the name or the password', 'auth.htpasswd_file')
        return found instanceof Promise ? found.then(check) : check(found)
      }
      default:
        throw new GoregoError('unauthenticated', 'the header authorization is neither "Bearer <token>" nor "Basic …"')
    }
  }

  [Symbol.dispose](): void {
    this.#basic?.[Symbol.dispose]()
    this.#tokens?.[Symbol.dispose]()
    this.#passwords?.[Symbol.dispose]()
  }
}

function known(name: string | undefined, what: string, setting: string): string {
  if (name !== undefined) return name
  throw new GoregoError('unauthenticated', `${what} is not known here (${setting})`)
}
