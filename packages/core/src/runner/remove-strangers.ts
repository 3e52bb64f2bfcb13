import { type Dirent, readdirSync, readlinkSync } from 'node:fs'
import { removeTree } from '../disk/index.js'
import type { KeptDirectory } from './kept-directory.js'

/**
 * Lists a directory and removes whatever is not what it should hold, by name and kind; forgets what it should hold and does
 * not. Returns whether all of it is there. What became of files is for others to tell. `aside`: where deep trees are moved
 * to on their way out.
 */
export function removeStrangers(path: string, kept: KeptDirectory, aside: string): boolean {
  const seen = new Set<string>()
  for (const entry of readdirSync(path, { withFileTypes: true, encoding: 'buffer' })) {
    const name = nameOf(entry)
    if (name !== undefined && isExpected(entry, name, path, kept)) seen.add(name)
    else removeTree(Buffer.concat([Buffer.from(`${path}/`), entry.name]), aside)
  }
  let whole = true
  for (const name of kept.files.keys()) {
    if (seen.has(name)) continue
    kept.files.set(name, undefined)
    whole = false
  }
  for (const names of [kept.symlinks, kept.directories]) {
    for (const name of names.keys()) if (!seen.has(name) && names.delete(name)) whole = false
  }
  return whole
}

function isExpected(entry: Dirent<Buffer>, name: string, path: string, kept: KeptDirectory): boolean {
  if (entry.isFile()) return kept.files.has(name)
  if (entry.isDirectory()) return kept.directories.has(name)
  return (
    entry.isSymbolicLink() && kept.symlinks.has(name) && readlinkSync(`${path}/${name}`) === kept.symlinks.get(name)
  )
}

/** Names of inputs are UTF-8; those that an action makes need not be. */
function nameOf({ name }: Dirent<Buffer>): string | undefined {
  const text = name.toString('utf8')
  return !text.includes('\uFFFD') || Buffer.from(text).equals(name) ? text : undefined
}
