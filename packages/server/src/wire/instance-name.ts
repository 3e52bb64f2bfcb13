import { GoregoError } from '@gorego/core'

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

/** GEN-03: any instance name is taken, the empty one too, as long as resource names could carry it. Returns it. */
export function checkInstanceName(instance: string): string {
  if (instance === '') return instance
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
