/**
 * What callers may do: `read` blobs and results, `write` blobs, store results of their own (`update_action_cache`), `execute`
 * and look after what they know the name of, and see what everybody executes (`admin`).
 */
export const PERMISSIONS = ['read', 'write', 'update_action_cache', 'execute', 'admin'] as const

export type Permission = (typeof PERMISSIONS)[number]

/** One permission of one name, in one instance or everywhere. */
export interface Grant {
  readonly name: string
  /** `none` only gives the name a line of its own. */
  readonly permission: Permission | 'none'
  readonly instance: string | undefined
}

/** Callers that say nothing of who they are, and those whose name has no line of its own. */
export const ANONYMOUS = 'anonymous'
export const AUTHENTICATED = 'authenticated'

/** What callers with a name may where no line says otherwise: all but to store results that nobody can check. */
export const USUAL: readonly Permission[] = ['read', 'write', 'execute']
