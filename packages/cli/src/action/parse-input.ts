import { readdir, readlink, stat } from 'node:fs/promises'
import { isAbsolute, join, posix, resolve } from 'node:path'
import { directory, file, type Input, symlink } from '@gorego/core'
import { UsageError } from '../usage-error.js'

/**
 * Reads one --input: `path`, at the same place in the action, or `dest=path`. A directory brings all that is below it;
 * `.` brings everything here. Returns places in the action and what is there.
 */
export async function parseInput(text: string, cwd: string): Promise<[string, Input][]> {
  const [, place, source] = /^([^=]+)=(.+)$/s.exec(text) ?? [undefined, undefined, text]
  const path = resolve(cwd, source ?? text)
  const destination = place === undefined ? placeOf(text) : checkRelative(place, `--input ${text}`)
  const stats = await stat(path).catch((error: NodeJS.ErrnoException) => {
    throw new UsageError(
      `--input ${text}: ${path} ${error.code === 'ENOENT' ? 'does not exist' : `cannot be read: ${error.message}`}`,
    )
  })
  if (!stats.isDirectory()) {
    if (destination === '') throw new UsageError(`--input ${text}: a file needs a name in the action: NAME=${source}`)
    return [[destination, file(path)]]
  }
  return destination === '' ? await everythingIn(path) : [[destination, directory(path)]]
}

/** A relative path with / between its segments and nothing superfluous; the empty one for the directory itself. */
export function checkRelative(path: string, what: string): string {
  const plain = posix.normalize(path).replace(/\/+$/, '')
  if (isAbsolute(path) || plain === '..' || plain.startsWith('../')) {
    throw new UsageError(`${what}: ${path} must be relative and must not lead up`)
  }
  return plain === '.' ? '' : plain
}

function placeOf(path: string): string {
  if (isAbsolute(path) || posix.normalize(path).startsWith('..')) {
    throw new UsageError(`--input ${path}: it is not below this directory; say where it goes: --input NAME=${path}`)
  }
  return checkRelative(path, `--input ${path}`)
}

async function everythingIn(path: string): Promise<[string, Input][]> {
  const entries = await readdir(path, { withFileTypes: true })
  return await Promise.all(
    entries.map(async (entry): Promise<[string, Input]> => {
      const child = join(path, entry.name)
      if (entry.isDirectory()) return [entry.name, directory(child)]
      return [entry.name, entry.isSymbolicLink() ? symlink(await readlink(child)) : file(child)]
    }),
  )
}
