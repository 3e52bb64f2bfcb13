import { type Grant, PERMISSIONS } from '../auth/permission.js'
import { checkInstanceName } from '../wire/instance-name.js'
import type { Kind } from './kinds.js'
import { platformProperties } from './platform-kind.js'

/** Permissions by name: written as platform properties are, with `permission` or `permission@instance` for values. */
export const grants: Kind<readonly Grant[]> = {
  wants: `names with a list each of ${PERMISSIONS.join(', ')}, all or none, also as permission@instance; in a variable name=permission,name=permission`,
  fromText: (text, resolvePath) => readAll(platformProperties.fromText(text, resolvePath)),
  fromYaml: (value, resolvePath) => readAll(platformProperties.fromYaml(value, resolvePath)),
}

function readAll(pairs: readonly { readonly name: string; readonly value: string }[] | undefined): Grant[] | undefined {
  const read = pairs?.map(({ name, value }) => readOne(name, value))
  return read?.every((each) => each !== undefined) ? read.flat() : undefined
}

function readOne(name: string, value: string): Grant[] | undefined {
  const at = value.indexOf('@')
  const [word, instance] = at < 0 ? [value, undefined] : [value.slice(0, at), value.slice(at + 1)]
  try {
    if (instance !== undefined) checkInstanceName(instance)
  } catch {
    return undefined
  }
  const meant = [...PERMISSIONS, 'none' as const].filter(
    (permission) => permission === word || (word === 'all' && permission !== 'none'),
  )
  return meant.length === 0 ? undefined : meant.map((permission) => ({ name, permission, instance }))
}
