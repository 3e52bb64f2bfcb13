import type { Digest } from '../digest/index.js'
import { GoregoError } from '../errors/index.js'
import { compareUtf8 } from '../proto/canonical.js'
import type { Action, Command, NodeProperties, Platform } from '../proto/messages.js'
import type { DirectoryNodes, SentNode } from './directory-nodes.js'

/**
 * The protocol wants lists in one order, so that equal actions have equal digests, and lets a server refuse others. Only
 * the client's own cache hits suffer, so that is for servers that are told to be strict.
 */

type Named = { getName(): string }
type NamedValue = Named & { getValue(): string }

/** DR-03, DR-04 */
export function checkDirectoryOrder(directory: DirectoryNodes, digest: Digest): void {
  const where = `of the input directory ${digest}`
  const { files, directories, symlinks } = directory
  checkOrder(files, byNodeName, `the files ${where}`)
  checkOrder(directories, byNodeName, `the directories ${where}`)
  checkOrder(symlinks, byNodeName, `the symbolic links ${where}`)
  checkProperties(directory.properties, where)
  for (const nodes of [files, symlinks]) for (const { properties } of nodes) checkProperties(properties, where)
}

/** CM-04, PL-05, and the lists of output paths. */
export function checkCommandOrder(command: Command): void {
  checkOrder(command.getEnvironmentVariablesList(), byName, 'the environment variables of the Command')
  checkOrder(command.getOutputPathsList(), compareUtf8, 'output_paths of the Command')
  checkOrder(command.getOutputFilesList(), compareUtf8, 'output_files of the Command')
  checkOrder(command.getOutputDirectoriesList(), compareUtf8, 'output_directories of the Command')
  checkPlatform(command.getPlatform(), 'the platform properties of the Command')
}

/** PL-05 */
export function checkActionOrder(action: Action): void {
  checkPlatform(action.getPlatform(), 'the platform properties of the Action')
}

function checkPlatform(platform: Platform | undefined, what: string): void {
  checkOrder(platform?.getPropertiesList() ?? [], byNameAndValue, what)
}

function checkProperties(properties: NodeProperties | undefined, where: string): void {
  checkOrder(properties?.getPropertiesList() ?? [], byNameAndValue, `the node properties ${where}`)
}

function byNodeName(a: SentNode, b: SentNode): number {
  return compareUtf8(a.name, b.name)
}

function byName(a: Named, b: Named): number {
  return compareUtf8(a.getName(), b.getName())
}

function byNameAndValue(a: NamedValue, b: NamedValue): number {
  return byName(a, b) || compareUtf8(a.getValue(), b.getValue())
}

/** In order, and nothing twice. */
function checkOrder<T>(list: readonly T[], compare: (a: T, b: T) => number, what: string): void {
  for (const [n, item] of list.entries()) {
    const before = list[n - 1]
    if (before !== undefined && compare(before, item) >= 0) {
      throw new GoregoError(
        'invalid-argument',
        `${what} are not sorted, or have something twice, which this server does not accept (execution.strict)`,
      )
    }
  }
}
