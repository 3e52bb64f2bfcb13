import { ANONYMOUS, AUTHENTICATED, type Grant, type Permission, USUAL } from './permission.js'

/** Who may do what: each name what its own lines say, or where there are none what is said of `authenticated`. */
export class Permissions {
  readonly #byName = new Map<string, Grant[]>()

  constructor(grants: readonly Grant[]) {
    for (const grant of grants) {
      const known = this.#byName.get(grant.name)
      if (known === undefined) this.#byName.set(grant.name, [grant])
      else known.push(grant)
    }
    if (!this.#byName.has(AUTHENTICATED)) {
      const usual = USUAL.map((permission) => ({ name: AUTHENTICATED, permission, instance: undefined }))
      this.#byName.set(AUTHENTICATED, usual)
    }
  }

  /** Whether it may in that instance; without one, in all of them. */
  allows(name: string, permission: Permission, instance: string | undefined): boolean {
    return this.#of(name).some(
      (grant) => grant.permission === permission && (grant.instance === undefined || grant.instance === instance),
    )
  }

  /** Whether it may in any instance at all. */
  allowsSomewhere(name: string, permission: Permission): boolean {
    return this.#of(name).some((grant) => grant.permission === permission)
  }

  #of(name: string): readonly Grant[] {
    return this.#byName.get(name) ?? (name === ANONYMOUS ? [] : (this.#byName.get(AUTHENTICATED) ?? []))
  }
}
