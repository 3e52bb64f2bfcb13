import type { Kind } from './kinds.js'

/** A name as DNS has it, in lower case. */
export const hostName: Kind<string> = {
  wants: 'a host name such as build.example, without a port',
  fromText: readName,
  fromYaml: (value) => (typeof value === 'string' ? readName(value) : undefined),
}

function readName(text: string): string | undefined {
  const name = text.toLowerCase()
  return name.length <= 253 && /^[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?$/.test(name) ? name : undefined
}
