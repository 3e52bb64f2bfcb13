import { GoregoError } from '@gorego/core'
import type { Metadata } from '@grpc/grpc-js'

export const RESOURCE_NAME_HEADER = 'build.bazel.remote.execution.v2.resource-name'

/** The resource name in the headers of a call, where proxies can see it; undefined where the client sent none. */
export function resourceNameHeader(metadata: Metadata): string | undefined {
  return metadata.get(RESOURCE_NAME_HEADER)[0]?.toString()
}

/** RN-10: the name in a message, which must be that of the header, if there is one. */
export function asInHeader(name: string, { resourceName }: { readonly resourceName: string | undefined }): string {
  if (resourceName === undefined || resourceName === name) return name
  throw new GoregoError(
    'invalid-argument',
    `resource_name is not what the header ${RESOURCE_NAME_HEADER} says: send the same, or none`,
  )
}
