import { reapi } from '@gorego/core'
import type { Metadata } from '@grpc/grpc-js'

export const REQUEST_METADATA_HEADER = 'build.bazel.remote.execution.v2.requestmetadata-bin'

/** No client needs more than this to say who it is. */
const LONGEST_LABEL = 300

/** RM-01, RM-02: who calls and for what, for logs. A header that is absent or garbled says nothing and fails nothing. */
export function requestLabels(metadata: Metadata): Record<string, string> {
  const [header] = metadata.get(REQUEST_METADATA_HEADER)
  return Buffer.isBuffer(header) ? requestLabelsIn(header) : {}
}

/** The same for what such a header says. */
export function requestLabelsIn(header: Uint8Array): Record<string, string> {
  try {
    return labels(valuesOf(reapi.RequestMetadata.deserializeBinary(header)))
  } catch {
    return {}
  }
}

/** What a message says under the names that labels have; empty where it says nothing. */
export function valuesOf(message: reapi.RequestMetadata) {
  const tool = message.getToolDetails()
  return {
    tool: tool === undefined ? '' : `${tool.getToolName()} ${tool.getToolVersion()}`.trim(),
    invocation: message.getToolInvocationId(),
    correlated: message.getCorrelatedInvocationsId(),
    action: message.getActionId(),
    mnemonic: message.getActionMnemonic(),
    target: message.getTargetId(),
  }
}

/** The other way: what the labels of a request say, as a message. */
export function requestMetadataOf(said: Readonly<Record<string, string>>): reapi.RequestMetadata {
  const { tool = '', invocation = '', correlated = '', action = '', mnemonic = '', target = '' } = said
  const message = new reapi.RequestMetadata()
    .setActionId(action)
    .setToolInvocationId(invocation)
    .setCorrelatedInvocationsId(correlated)
    .setActionMnemonic(mnemonic)
    .setTargetId(target)
  // The name may have spaces in it, the version has none.
  const [, name = tool, version = ''] = /^(.*) (\S+)$/.exec(tool) ?? []
  return tool === ''
    ? message
    : message.setToolDetails(new reapi.ToolDetails().setToolName(name).setToolVersion(version))
}

function labels(values: Record<string, string>): Record<string, string> {
  const given = Object.entries(values).filter(([, value]) => value !== '')
  return Object.fromEntries(given.map(([name, value]) => [name, value.slice(0, LONGEST_LABEL)]))
}
