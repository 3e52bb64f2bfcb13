import { lstatSync, type Stats } from 'node:fs'
import type { DigestFunction } from '../digest/index.js'
import { GoregoError } from '../errors/index.js'
import { toDigestMessage } from '../proto/digests.js'
import {
  type ActionResult,
  Command,
  OutputDirectory,
  type OutputDirectoryFormatValue,
  OutputFile,
  OutputSymlink,
} from '../proto/messages.js'
import type { BlobFiles } from './blob-files.js'
import { followed, type RootedDirectories, segmentsOf } from './hostile-paths.js'
import { notAnOutput, readTarget, storeOutputTree } from './output-tree.js'

/** What a Command says an output is; clients of REAPI 2.0 say it, later ones leave it open (CM-06). */
type Declared = 'file' | 'directory' | 'anything'

export interface DeclaredOutput {
  /** As the client wrote it, and gets it back (OR-02). */
  readonly path: string
  readonly segments: readonly string[]
  readonly declared: Declared
}

/** The outputs that a Command asks for, each once; checks their paths (CM-05). */
export function declaredOutputs(command: Command, workingDirectory: readonly string[]): DeclaredOutput[] {
  const outputs = new Map<string, DeclaredOutput>()
  const add = (paths: readonly string[], declared: Declared) => {
    for (const path of paths) {
      const segments = segmentsOf(path, workingDirectory, 'the output path')
      if (!outputs.has(path)) outputs.set(path, { path, segments, declared })
    }
  }
  if (command.getOutputPathsList().length > 0) {
    add(command.getOutputPathsList(), 'anything')
  } else {
    add(command.getOutputFilesList(), 'file')
    add(command.getOutputDirectoriesList(), 'directory')
  }
  return [...outputs.values()]
}

export interface Collection {
  readonly fn: DigestFunction
  readonly blobs: BlobFiles
  readonly directories: RootedDirectories
  readonly format: OutputDirectoryFormatValue
}

/** Stores those outputs that exist and lists them in the result (OR-01). */
export function collectOutputs(outputs: readonly DeclaredOutput[], result: ActionResult, collection: Collection): void {
  for (const output of outputs) {
    try {
      addOutput(output, result, collection)
    } catch (cause) {
      // The command took the permissions away from a directory on the way. (As root we would not have noticed.)
      if ((cause as NodeJS.ErrnoException).code !== 'EACCES') throw cause
      const message = `the output ${JSON.stringify(output.path)} cannot be read: the command did not permit it`
      throw new GoregoError('failed-precondition', message, { cause })
    }
  }
}

function addOutput(output: DeclaredOutput, result: ActionResult, collection: Collection): void {
  const parent = collection.directories.find(output.segments.slice(0, -1), 'the parent of output')
  if (parent === undefined) return
  const path = output.segments.length === 0 ? parent : `${parent}/${output.segments.at(-1)}`
  const stats = lstatSync(path, { throwIfNoEntry: false })
  if (stats === undefined) return
  if (stats.isSymbolicLink()) addSymlink(output, path, result)
  else if (stats.isDirectory()) addDirectory(output, path, result, collection)
  else if (stats.isFile()) addFile(output, path, stats, result, collection)
  else throw notAnOutput(output.path)
}

function addFile(
  output: DeclaredOutput,
  path: string,
  stats: Stats,
  result: ActionResult,
  { fn, blobs }: Collection,
): void {
  if (output.declared === 'directory') throw wrongKind(output, 'a file')
  const file = new OutputFile()
  file.setPath(output.path)
  const { digest, executable } = blobs.storeFile(fn, path, stats)
  file.setIsExecutable(executable)
  file.setDigest(toDigestMessage(digest))
  result.addOutputFiles(file)
}

function addDirectory(output: DeclaredOutput, path: string, result: ActionResult, collection: Collection): void {
  if (output.declared === 'file') throw wrongKind(output, 'a directory')
  const { fn, blobs, format } = collection
  const { tree, rootDigest, directories } = storeOutputTree(fn, path, output.path, blobs)
  const directory = new OutputDirectory()
  directory.setPath(output.path)
  // CM-11: a format that we do not know means TREE_ONLY.
  const { DIRECTORY_ONLY, TREE_AND_DIRECTORY } = Command.OutputDirectoryFormat
  if (format !== DIRECTORY_ONLY) {
    directory.setTreeDigest(toDigestMessage(blobs.storeBytes(fn, tree)))
    directory.setIsTopologicallySorted(true)
  }
  if (format === DIRECTORY_ONLY || format === TREE_AND_DIRECTORY) {
    for (const bytes of directories) blobs.storeBytes(fn, bytes)
    directory.setRootDirectoryDigest(toDigestMessage(rootDigest))
  }
  result.addOutputDirectories(directory)
}

/** OR-04: clients that say what an output is get links in the list of that kind, the others in the common list. */
function addSymlink(output: DeclaredOutput, path: string, result: ActionResult): void {
  const link = new OutputSymlink()
  link.setPath(output.path)
  link.setTarget(readTarget(path, output.path))
  if (output.declared === 'anything') {
    result.addOutputSymlinks(link)
    return
  }
  const target = followed(path)
  if (output.declared === 'file') {
    if (target?.isDirectory()) throw wrongKind(output, 'a symbolic link to a directory')
    result.addOutputFileSymlinks(link)
  } else {
    if (target !== undefined && !target.isDirectory()) throw wrongKind(output, 'a symbolic link to a file')
    result.addOutputDirectorySymlinks(link)
  }
}

/** OR-03 */
function wrongKind(output: DeclaredOutput, actual: string): GoregoError {
  return new GoregoError(
    'failed-precondition',
    `the command declares ${JSON.stringify(output.path)} as an output ${output.declared}, and made it ${actual}`,
  )
}
