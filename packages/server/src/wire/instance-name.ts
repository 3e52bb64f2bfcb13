import { GoregoError } from '@gorego/core'
import type { Access, Caller } from '../auth/access.js'

/** RN-05: segments that mean something else in resource names, and so cannot be part of an instance name. */
export const RESERVED_SEGMENTS: ReadonlySet<string> = new Set([
  'blobs',
  'uploads',
  'actions',
  'actionResults',
  'operations',
  'capabilities',
  'compressed-blobs',
])

/** Longer names of anything are refused before they are taken apart: what sends them means no good. */
export const LONGEST_NAME = 4096

/** Returns the name of an instance that there is; throws `invalid-argument` for any other (GEN-03). The caller is who asks for it. */
export type InstanceCheck = (instance: string, caller?: Caller) => string

/** As `createInstanceCheck`, and throws where the caller must not do that in this instance; also where nobody says who calls. */
export function createAccessCheck(names: readonly string[], access: Access | undefined): InstanceCheck {
  const check = createInstanceCheck(names)
  if (access === undefined) return check
  return (instance, caller) => {
    access.check(caller ?? { path: 'a method that does not say who calls it', caller: '' }, check(instance))
    return instance
  }
}

/** Of the instances that are listed; without a list, of any that a resource name could carry. */
export function createInstanceCheck(names: readonly string[]): InstanceCheck {
  if (names.length === 0) return checkInstanceName
  const known = new Set(names)
  return (instance) => {
    if (known.has(checkInstanceName(instance))) return instance
    throw new GoregoError(
      'invalid-argument',
      `there is no instance ${JSON.stringify(instance.slice(0, 100))} here; the setting instance_names has the names of those that there are`,
    )
  }
}

/** RN-05: any name, the empty one too, as long as resource names could carry it. Returns it. */
export function checkInstanceName(instance: string): string {
  if (instance === '') return instance
  if (instance.length > LONGEST_NAME) throw refuse(instance, 'it is too long')
  for (const segment of instance.split('/')) {
    if (segment === '') throw refuse(instance, 'it has an empty segment, or a slash at an end')
    if (RESERVED_SEGMENTS.has(segment)) throw refuse(instance, `"${segment}" is reserved`)
  }
  return instance
}

function refuse(instance: string, why: string): GoregoError {
  return new GoregoError(
    'invalid-argument',
    `${JSON.stringify(instance.slice(0, 100))} cannot be an instance name: ${why}`,
  )
}
