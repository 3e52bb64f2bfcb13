import type { Attributes } from '@opentelemetry/api'

const NAMES: Readonly<Record<string, string>> = {
  tool: 'reapi.tool',
  invocation: 'reapi.tool_invocation_id',
  correlated: 'reapi.correlated_invocations_id',
  action: 'reapi.action_id',
  mnemonic: 'reapi.action_mnemonic',
  target: 'reapi.target_id',
}

/** RM-02: what the client says of itself. Nothing else of a call's headers is ever an attribute. */
export function labelAttributes(labels: Readonly<Record<string, string>> = {}): Attributes {
  const named = Object.entries(labels).flatMap(([label, value]) => {
    const name = NAMES[label]
    return name === undefined ? [] : [[name, value] as const]
  })
  return Object.fromEntries(named)
}
