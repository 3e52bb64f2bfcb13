import { chmodSync, type Dirent, existsSync, lstatSync, readdirSync, renameSync, rmdirSync, unlinkSync } from 'node:fs'
import { ifThere } from './if-there.js'

/**
 * Paths beyond PATH_MAX (4,096 bytes) cannot be named in one call: directories this many bytes below the root are moved
 * up first. Long before that limit, because the kernel walks the whole path in every call.
 */
const DEEP = 1_000

const OWNER_ALL = 0o700
const SLASH = Buffer.from('/')

/**
 * Removes whatever an action left, synchronously. Directories without permissions are opened up first; symbolic links
 * are removed, never followed; files are never chmod-ed (they may be links to stored blobs). Names are bytes, not text,
 * and the walk is a loop, because an action decides what its names are and how deep they go. What is absent, or removed
 * by somebody else meanwhile, is fine. `aside`: names that begin like this are used for what is moved up.
 */
export function removeTree(path: string | Buffer, aside = String(path)): void {
  const trees = [Buffer.from(path)]
  let moved = 0
  for (let tree = trees.pop(); tree !== undefined; tree = trees.pop()) {
    removeOne(tree, (deep) => {
      // Numbers that are taken: somebody who removed the same tree did not get to its end.
      let higher: string
      do higher = `${aside}.deep-${process.pid}-${moved++}`
      while (existsSync(higher))
      chmodSync(deep, OWNER_ALL)
      renameSync(deep, higher)
      trees.push(Buffer.from(higher))
    })
  }
}

interface Pending {
  readonly path: Buffer
  emptied: boolean
}

function removeOne(root: Buffer, moveUp: (deep: Buffer) => void): void {
  const stack: Pending[] = []
  const remove = (path: Buffer, directory: boolean) => {
    if (!directory) ifThere(() => unlinkSync(path))
    else if (path.length > root.length + DEEP) ifThere(() => moveUp(path))
    else stack.push({ path, emptied: false })
  }
  const isDirectory = lstatSync(root, { throwIfNoEntry: false })?.isDirectory()
  if (isDirectory === undefined) return
  remove(root, isDirectory)
  // A directory is met twice: going down its entries are removed or pushed, coming back it is empty.
  for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
    const { path, emptied } = top
    if (emptied) {
      ifThere(() => rmdirSync(path))
      stack.pop()
      continue
    }
    top.emptied = true
    for (const entry of list(path)) {
      opened(path, () => remove(Buffer.concat([path, SLASH, entry.name]), entry.isDirectory()))
    }
  }
}

function list(path: Buffer): Dirent<Buffer>[] {
  return ifThere(() => opened(path, () => readdirSync(path, { withFileTypes: true, encoding: 'buffer' }))) ?? []
}

/** Does something inside a directory; if that is refused, gives its owner (us) all rights to it and tries once more. */
function opened<T>(directory: Buffer, action: () => T): T {
  try {
    return action()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EACCES') throw error
    chmodSync(directory, OWNER_ALL)
    return action()
  }
}
