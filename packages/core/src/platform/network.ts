import type { PlatformProperty } from './platform.js'

/**
 * Properties by which clients say whether an action needs the network: `network` as BuildBuddy has it, `dockerNetwork` of
 * Google's RBE, and the values that are customary for either, in small letters.
 */
const NETWORK = new Set(['network', 'dockernetwork'])
const ON = new Set(['on', 'standard', 'external', 'bridge', 'host', 'true'])
const OFF = new Set(['off', 'none', 'false'])

/** What a property says of the network: undefined for one that is about something else, or says something else. */
export function networkOf({ name, value }: PlatformProperty): 'on' | 'off' | undefined {
  if (!NETWORK.has(name.toLowerCase())) return undefined
  const word = value.toLowerCase()
  return ON.has(word) ? 'on' : OFF.has(word) ? 'off' : undefined
}

/** Whether an action asks for the network. One that says both things does not get it. */
export function wantsNetwork(properties: readonly PlatformProperty[]): boolean {
  const said = properties.map(networkOf)
  return said.includes('on') && !said.includes('off')
}
