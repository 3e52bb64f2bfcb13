import { reapi } from '@gorego/core'
import { Metadata } from '@grpc/grpc-js'

/** What a client says of a call in RM-01's header. */
export interface SaidOfCall {
  readonly target?: string
  readonly mnemonic?: string
  /** Name and version. */
  readonly tool?: readonly [name: string, version: string]
  readonly invocation?: string
}

/** Metadata that has the header, as Bazel sends it. */
export function sayingFor({ target = '', mnemonic = '', tool, invocation = '' }: SaidOfCall): Metadata {
  const message = new reapi.RequestMetadata()
    .setToolInvocationId(invocation)
    .setActionMnemonic(mnemonic)
    .setTargetId(target)
  if (tool !== undefined) {
    const [name, version] = tool
    message.setToolDetails(new reapi.ToolDetails().setToolName(name).setToolVersion(version))
  }
  const metadata = new Metadata()
  metadata.set('build.bazel.remote.execution.v2.requestmetadata-bin', Buffer.from(message.serializeBinary()))
  return metadata
}
