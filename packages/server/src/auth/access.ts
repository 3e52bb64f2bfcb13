import { GoregoError, type Logger } from '@gorego/core'
import type { Config } from '../config/config.js'
import { Reloaded } from '../reload/reloaded.js'
import { Authenticator, type Credentials } from './authenticator.js'
import { readHtpasswdFile } from './htpasswd-file.js'
import { isGuarded } from './is-guarded.js'
import { METHOD_PERMISSIONS } from './method-permissions.js'
import { ANONYMOUS, type Permission } from './permission.js'
import { Permissions } from './permissions.js'
import { readTokenFile } from './token-file.js'

/** A call, by its method and who makes it. */
export interface Caller {
  /** The gRPC method. */
  readonly path: string
  /** The name that it was found to have. */
  readonly caller: string
}

/** Who may do what: the one place that is asked, for gRPC and for HTTP. */
export class Access implements Disposable {
  readonly #authenticator: Authenticator
  readonly #permissions: Permissions

  private constructor(authenticator: Authenticator, permissions: Permissions) {
    this.#authenticator = authenticator
    this.#permissions = permissions
  }

  /** Undefined where everybody may do everything. Throws where a file cannot be used. */
  static async open(config: Config, logger: Logger): Promise<Access | undefined> {
    if (!isGuarded(config)) return undefined
    const open = async <T>(
      path: string | undefined,
      what: string,
      read: (path: string, logger: Logger) => Promise<T>,
    ) => path && (await Reloaded.open({ paths: [path], what, load: () => read(path, logger), logger }))
    const tokens = (await open(config.auth.tokensFile, 'the tokens', readTokenFile)) || undefined
    try {
      const passwords = (await open(config.auth.htpasswdFile, 'the passwords', readHtpasswdFile)) || undefined
      return new Access(new Authenticator({ tokens, passwords }), new Permissions(config.auth.permissions))
    } catch (error) {
      tokens?.[Symbol.dispose]()
      throw error
    }
  }

  /** Who calls a gRPC method; throws where nobody of that name may call it in any instance. */
  admit(path: string, credentials: Credentials): string | Promise<string> {
    const needed = METHOD_PERMISSIONS.get(path)
    if (needed === undefined)
      throw new GoregoError('unimplemented', 'this server has no such method, or none that permissions are known for')
    if (needed === 'nothing') return ANONYMOUS
    return this.#identify(credentials, (name) => {
      if (!this.#permissions.allowsSomewhere(name, needed)) throw refused(name, needed, undefined)
      return name
    })
  }

  /** Throws where the caller of a method must not call it in that instance; without one, in each of them. */
  check({ path, caller }: Caller, instance: string | undefined): void {
    const needed = METHOD_PERMISSIONS.get(path)
    if (needed === 'nothing') return
    if (needed === undefined) throw new GoregoError('internal', `nobody knows what ${path} needs`)
    if (!this.#permissions.allows(caller, needed, instance)) throw refused(caller, needed, instance)
  }

  /** Throws where who shows that must not do it in that instance; without one, in each of them. */
  require(needed: Permission, credentials: Credentials, instance: string | undefined): string | Promise<string> {
    return this.#identify(credentials, (name) => {
      if (!this.#permissions.allows(name, needed, instance)) throw refused(name, needed, instance)
      return name
    })
  }

  allows({ caller }: Pick<Caller, 'caller'>, permission: Permission, instance: string): boolean {
    return this.#permissions.allows(caller, permission, instance)
  }

  [Symbol.dispose](): void {
    this.#authenticator[Symbol.dispose]()
  }

  #identify(credentials: Credentials, check: (name: string) => string): string | Promise<string> {
    const name = this.#authenticator.nameOf(credentials)
    return typeof name === 'string' ? check(name) : name.then(check)
  }
}

function refused(name: string, needed: Permission, instance: string | undefined): GoregoError {
  const where = instance === undefined ? '' : ` in the instance ${JSON.stringify(instance)}`
  return name === ANONYMOUS
    ? new GoregoError(
        'unauthenticated',
        `this needs the permission ${needed}${where}, which callers without a name do not have: show a token, a password or a certificate (auth.permissions)`,
      )
    : new GoregoError(
        'permission-denied',
        `${name.slice(0, 100)} has not the permission ${needed}${where} (auth.permissions)`,
      )
}
