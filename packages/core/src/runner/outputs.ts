import { lstatSync } from 'node:fs'
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
import { followed, type RootedDirectories, segmentsOf } from './hostile-paths.js'
import { attributesAt, notAnOutput, type OutputOptions, readTarget, storeOutputTree } from './output-tree.js'

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

export interface Collection extends OutputOptions {
  readonly directories: RootedDirectories
  readonly format: OutputDirectoryFormatValue
}

/**
 * Stores those outputs that exist and lists them in the result (OR-01). One that cannot be taken does not keep the others
 * out (ER-03); the first of them is thrown when all have been seen.
 */
export function collectOutputs(outputs: readonly DeclaredOutput[], result: ActionResult, collection: Collection): void {
  let firstFailure: unknown
  for (const output of outputs) {
    try {
      addOutput(output, result, collection)
    } catch (error) {
      firstFailure ??= explained(error, output)
    }
  }
  if (firstFailure !== undefined) throw firstFailure
}

/** The command may take the permissions away from a directory on the way. (As root we would not notice.) */
function explained(error: unknown, output: DeclaredOutput): unknown {
  if ((error as NodeJS.ErrnoException).code !== 'EACCES') return error
  const message = `the output ${JSON.stringify(output.path)} cannot be read: the command did not permit it`
  return new GoregoError('failed-precondition', message, { cause: error })
}

function addOutput(output: DeclaredOutput, result: ActionResult, collection: Collection): void {
  const parent = collection.directories.find(output.segments.slice(0, -1), 'the parent of output')
  if (parent === undefined) return
  const path = output.segments.length === 0 ? parent : `${parent}/${output.segments.at(-1)}`
  const stats = lstatSync(path, { throwIfNoEntry: false })
  if (stats === undefined) return
  if (stats.isSymbolicLink()) addSymlink(output, path, result, collection)
  else if (stats.isDirectory()) addDirectory(output, path, result, collection)
  else if (stats.isFile()) addFile(output, path, result, collection)
  else throw notAnOutput(output.path)
}

function addFile(output: DeclaredOutput, path: string, result: ActionResult, collection: Collection): void {
  if (output.declared === 'directory') throw wrongKind(output, 'a file')
  const { fn, blobs, properties } = collection
  const file = blobs.storeFile(fn, path)
  if (file === undefined) throw notAnOutput(output.path)
  const message = new OutputFile()
    .setPath(output.path)
    .setDigest(toDigestMessage(file.digest))
    .setIsExecutable(file.executable)
    .setNodeProperties(properties.describe(() => file.attributes))
  result.addOutputFiles(message)
}

function addDirectory(output: DeclaredOutput, path: string, result: ActionResult, collection: Collection): void {
  if (output.declared === 'file') throw wrongKind(output, 'a directory')
  const { fn, blobs, format } = collection
  const { tree, rootDigest, directories } = storeOutputTree(path, output.path, collection)
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

/**
 * OR-04: for clients that leave open what an output is, a link is in `output_symlinks`, and in the list of its kind as
 * well, where clients of REAPI 2.0 look; for clients that say what it is, only there. One that leads nowhere counts as
 * one to a file.
 */
function addSymlink(output: DeclaredOutput, path: string, result: ActionResult, collection: Collection): void {
  const link = new OutputSymlink()
    .setPath(output.path)
    .setTarget(readTarget(path, output.path, collection))
    .setNodeProperties(collection.properties.describe(() => attributesAt(path)))
  const target = followed(path)
  const isDirectory = target?.isDirectory() ?? output.declared === 'directory'
  if (output.declared === 'file' && isDirectory) throw wrongKind(output, 'a symbolic link to a directory')
  if (output.declared === 'directory' && !isDirectory) throw wrongKind(output, 'a symbolic link to a file')
  if (output.declared === 'anything') result.addOutputSymlinks(link)
  if (isDirectory) result.addOutputDirectorySymlinks(link)
  else result.addOutputFileSymlinks(link)
}

/** OR-03 */
function wrongKind(output: DeclaredOutput, actual: string): GoregoError {
  return new GoregoError(
    'failed-precondition',
    `the command declares ${JSON.stringify(output.path)} as an output ${output.declared}, and made it ${actual}`,
  )
}
