import type { PlatformProperty } from '@gorego/core'
import type { Kind } from './kinds.js'

/**
 * Platform properties: a map of names to a text or a list of texts each, or `name=value,name=value`. Numbers are refused,
 * because YAML does not keep how they were written: `1.10` would be offered as `1.1`.
 */
export const platformProperties: Kind<readonly PlatformProperty[]> = {
  wants:
    'name=value with commas between them; in a file, names with a text or a list of texts each (numbers in quotes)',
  fromText: readPairs,
  fromYaml: (value) => {
    if (typeof value === 'string') return readPairs(value)
    return value instanceof Map ? allOf([...value].flatMap(([name, values]) => read(name, values))) : undefined
  },
}

function readPairs(text: string): readonly PlatformProperty[] | undefined {
  const pairs = text.split(',').map((pair) => pair.trim())
  return allOf(
    pairs.map((pair) => {
      const equals = pair.indexOf('=')
      return equals < 1 ? undefined : { name: pair.slice(0, equals), value: pair.slice(equals + 1) }
    }),
  )
}

function read(name: unknown, values: unknown): (PlatformProperty | undefined)[] {
  if (typeof name !== 'string' || name === '') return [undefined]
  return [values].flat().map((value) => (typeof value === 'string' ? { name, value } : undefined))
}

function allOf(properties: readonly (PlatformProperty | undefined)[]): readonly PlatformProperty[] | undefined {
  const known = properties.filter((property) => property !== undefined)
  return known.length === properties.length ? known : undefined
}
