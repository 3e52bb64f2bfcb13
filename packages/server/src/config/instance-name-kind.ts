import { checkInstanceName } from '../wire/instance-name.js'
import type { Kind } from './kinds.js'

/** An instance name. In a variable the empty one is written as two quotes. */
export const instanceName: Kind<string> = {
  wants: 'an instance name such as main or team/a, or "" for the empty one',
  fromText: (text) => (text === '""' ? '' : text === '' ? undefined : checked(text)),
  fromYaml: (value) => (typeof value === 'string' ? checked(value) : undefined),
}

function checked(name: string): string | undefined {
  try {
    return checkInstanceName(name)
  } catch {
    return undefined
  }
}
