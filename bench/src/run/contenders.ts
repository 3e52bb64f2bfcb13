import { join } from 'node:path'
import { type Arguments, OWN_NAME } from '../arguments.js'
import { Contender } from '../contender.js'
import { foreignServer, ownServer } from '../server-under-test.js'

/** Ours, or the one in its place, comes first. */
export function contendersOf({ remote, against, config }: Arguments, directory: string): readonly Contender[] {
  const foreign = [...(remote === undefined ? [] : [remote]), ...against].map(
    ({ name, address, pid }) => new Contender(name, async () => foreignServer(address, pid)),
  )
  if (remote !== undefined) return foreign
  return [new Contender(OWN_NAME, () => ownServer(join(directory, 'server'), config)), ...foreign]
}
