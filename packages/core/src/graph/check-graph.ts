import { GoregoError } from '../errors/index.js'
import { type GraphActions, referencesOf } from './graph-action.js'

interface Visit {
  readonly name: string
  readonly dependencies: Iterator<string>
}

/**
 * Throws `invalid-argument` for a reference to a node or an output that there is not, and for nodes that wait for each other; either
 * way with the path that leads there. Chains may be as long as they like.
 */
export function checkGraph(actions: GraphActions): void {
  const finished = new Set<string>()
  for (const start of actions.keys()) {
    const path: Visit[] = []
    const onPath = new Set<string>()
    const enter = (name: string) => {
      path.push({ name, dependencies: dependenciesOf(name, actions, path) })
      onPath.add(name)
    }
    if (!finished.has(start)) enter(start)
    for (let visit = path.at(-1); visit !== undefined; visit = path.at(-1)) {
      const next = visit.dependencies.next()
      if (next.done) {
        finished.add(visit.name)
        onPath.delete(visit.name)
        path.pop()
      } else if (onPath.has(next.value)) {
        throw cycle(path, next.value)
      } else if (!finished.has(next.value)) {
        enter(next.value)
      }
    }
  }
}

function* dependenciesOf(name: string, actions: GraphActions, path: readonly Visit[]): Generator<string> {
  const action = actions.get(name)
  if (action === undefined) throw new GoregoError('internal', `no node ${name}`)
  for (const [place, { node, path: wanted }] of referencesOf(action)) {
    const other = actions.get(node)
    const way = () => chain([...path.map((visit) => visit.name), node])
    if (other === undefined)
      throw new GoregoError(
        'invalid-argument',
        `the input ${quote(place)} of ${quote(name)} is an output of ${quote(node)}, and the graph has no such node (${way()})`,
      )
    const { outputs = [] } = other
    if (!outputs.includes(wanted))
      throw new GoregoError(
        'invalid-argument',
        `the input ${quote(place)} of ${quote(name)} is ${quote(wanted)} of ${quote(node)}, whose outputs are ${outputs.map(quote).join(', ') || 'none'} (${way()})`,
      )
    yield node
  }
}

function cycle(path: readonly Visit[], again: string): GoregoError {
  const names = path.map(({ name }) => name)
  const loop = [...names.slice(names.indexOf(again)), again]
  return new GoregoError('invalid-argument', `the nodes wait for each other: ${chain(loop)}`)
}

/** So many names of a path are shown; the middle of longer ones is left out. */
const LONGEST = 12

function chain(names: readonly string[]): string {
  const shown = names.map(quote)
  if (shown.length > LONGEST) shown.splice(LONGEST / 2, shown.length - LONGEST, `… ${shown.length - LONGEST} more …`)
  return shown.join(' ← ')
}

function quote(text: string): string {
  return JSON.stringify(text)
}
