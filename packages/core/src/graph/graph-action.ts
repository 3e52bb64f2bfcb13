import type { Input } from '../embed/inputs.js'
import type { RunOptions } from '../embed/run-options.js'

/** What another node of the graph makes, as an input. */
export interface OutputReference {
  readonly kind: 'output'
  /** The other node's name. */
  readonly node: string
  /** One of its `outputs`, as it is written there. */
  readonly path: string
}

/** An output of the node of that name, which may be added later. Where the node is at hand, `node.output(path)` is checked by the compiler. */
export function output(node: string, path: string): OutputReference {
  return { kind: 'output', node, path }
}

/** As `Inputs`; a file, directory or symbolic link may also be what another node makes. */
export type GraphInputs = Readonly<Record<string, Input | OutputReference>>

/** As `RunOptions`, without what is the graph's business. `Path`: the outputs by name, for the compiler. */
export interface GraphAction<Path extends string = string>
  extends Omit<RunOptions, 'inputs' | 'outputs' | 'signal' | 'onProgress'> {
  readonly inputs?: GraphInputs
  readonly outputs?: readonly Path[]
}

/** A node that was added: to take its outputs from. */
export interface GraphNode<Path extends string = string> {
  readonly name: string
  /** The output as an input of another node. */
  output(path: Path): OutputReference
}

/** By name, in the order in which they were added. */
export type GraphActions = ReadonlyMap<string, GraphAction>

/** What a node takes from others: the path in its input root, and what is put there. */
export function* referencesOf(action: GraphAction): Generator<readonly [path: string, reference: OutputReference]> {
  for (const [path, input] of Object.entries(action.inputs ?? {})) if (input.kind === 'output') yield [path, input]
}
