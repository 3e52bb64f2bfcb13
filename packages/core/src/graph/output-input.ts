import { type Input, stored, storedDirectory, symlink } from '../embed/inputs.js'
import type { RunResult } from '../embed/run-result.js'
import { GoregoError } from '../errors/index.js'
import type { OutputReference } from './graph-action.js'

/** What a node made, as an input of another one. Throws `failed-precondition`, naming both, where it made nothing there. */
export function outputInput({ node, path }: OutputReference, made: RunResult | undefined, consumer: string): Input {
  const output = made?.outputs.get(path)
  switch (output?.kind) {
    case 'file':
      return stored(output.digest, output)
    case 'directory':
      return storedDirectory(output)
    case 'symlink':
      return symlink(output.target)
    default:
      throw new GoregoError(
        'failed-precondition',
        `${JSON.stringify(consumer)} needs ${JSON.stringify(path)} of ${JSON.stringify(node)}, which succeeded without making it`,
      )
  }
}
