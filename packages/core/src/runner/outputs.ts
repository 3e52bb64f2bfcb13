import { lstatSync } from 'node:fs'
import { GoregoError } from '../errors/index.js'
import { toDigestMessage } from '../proto/digests.js'
import {
  type ActionResult,
  Command,
  OutputDirectory,
  type OutputDirectoryFormatValue,
  OutputSymlink,
} from '../proto/messages.js'
import type { OutputFileFields } from '../proto/output-file-fields.js'
import { followed, type RootedDirectories, segmentsOf } from './hostile-paths.js'
import { attributesAt, notAnOutput, type OutputOptions, readTarget, storeOutputTree } from './output-tree.js'

/** What a Command says an output is; clients of REAPI 2.0 say it, later ones leave it open (CM-06). */
type Declared = 'file' | 'directory' | 'anything'

export interface DeclaredOutput {
  /** As the client wrote it, and gets it back (OR-02). */
  readonly path: string
  /** The directory that it is to be in, below the input root; the same array for those that are written in the same way. */
  readonly parent: readonly string[]
  /** Undefined for the input root itself. */
  readonly name: string | undefined
  readonly declared: Declared
}

/** The outputs that a Command asks for, each once; checks their paths (CM-05). */
export function declaredOutputs(command: Command, workingDirectory: readonly string[]): DeclaredOutput[] {
  const outputs = new Map<string, DeclaredOutput>()
  const parents = new Map<string, readonly string[]>()
  const add = (paths: readonly string[], declared: Declared) => {
    for (const path of paths) {
      if (!outputs.has(path)) outputs.set(path, { path, ...placeOf(path, workingDirectory, parents), declared })
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

/** `known`: the directories of paths that were checked. Actions have hundreds of outputs beside each other. */
function placeOf(
  path: string,
  workingDirectory: readonly string[],
  known: Map<string, readonly string[]>,
): Pick<DeclaredOutput, 'parent' | 'name'> {
  const nameAt = path.lastIndexOf('/') + 1
  const [directory, name] = [path.slice(0, nameAt), path.slice(nameAt)]
  const parent = isOrdinary(name) ? known.get(directory) : undefined
  if (parent !== undefined) return { parent, name }
  const segments = segmentsOf(path, workingDirectory, 'the output path')
  const place = { parent: segments.slice(0, -1), name: segments.at(-1) }
  if (isOrdinary(name)) known.set(directory, place.parent)
  return place
}

/** Whether a last segment is the name of what the path leads to. */
function isOrdinary(name: string): boolean {
  return name !== '' && name !== '.' && name !== '..' && !name.includes('\0')
}

export interface Collection extends OutputOptions {
  readonly directories: RootedDirectories
  readonly format: OutputDirectoryFormatValue
  /** Where output files are put down; everything else is in the result. */
  readonly files: OutputFileFields
}

/**
 * Stores those outputs that exist and lists them in the result (OR-01); returns the paths of the others. One that cannot be
 * taken does not keep the others out (ER-03); the first of them is thrown when all have been seen.
 */
export function collectOutputs(
  outputs: readonly DeclaredOutput[],
  result: ActionResult,
  collection: Collection,
): string[] {
  const absent: string[] = []
  let firstFailure: unknown
  for (const output of outputs) {
    try {
      if (!addOutput(output, result, collection)) absent.push(output.path)
    } catch (error) {
      firstFailure ??= explained(error, output)
    }
  }
  if (firstFailure !== undefined) throw firstFailure
  return absent
}

/** The command may take the permissions away from a directory on the way. (As root we would not notice.) */
function explained(error: unknown, output: DeclaredOutput): unknown {
  if ((error as NodeJS.ErrnoException).code !== 'EACCES') return error
  const message = `the output ${JSON.stringify(output.path)} cannot be read: the command did not permit it`
  return new GoregoError('failed-precondition', message, { cause: error })
}

/** False for one that is not there. */
function addOutput(output: DeclaredOutput, result: ActionResult, collection: Collection): boolean {
  const parent = collection.directories.find(output.parent, 'the parent of output')
  if (parent === undefined) return false
  const path = output.name === undefined ? parent : `${parent}/${output.name}`
  const stats = lstatSync(path, { throwIfNoEntry: false })
  if (stats === undefined) return false
  if (stats.isSymbolicLink()) addSymlink(output, path, result, collection)
  else if (stats.isDirectory()) addDirectory(output, path, result, collection)
  else if (stats.isFile()) addFile(output, path, collection)
  else throw notAnOutput(output.path)
  return true
}

function addFile(output: DeclaredOutput, path: string, collection: Collection): void {
  if (output.declared === 'directory') throw wrongKind(output, 'a file')
  const { fn, blobs, properties, files } = collection
  const file = blobs.storeFile(fn, path)
  if (file === undefined) throw notAnOutput(output.path)
  const { digest, executable, attributes } = file
  files.add({ path: output.path, digest, executable, properties: properties.describe(() => attributes) })
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
