import type { Difference } from '@gorego/core'
import type { Explanation } from '@gorego/server'
import { plainLine } from './plain-text.js'

/** A heading for each kind of difference, in the order in which they come. */
const HEADINGS: Readonly<Record<Difference['kind'], string>> = {
  argument: 'arguments',
  variable: 'variables',
  'working-directory': 'working directory',
  output: 'declared outputs',
  platform: 'platform',
  timeout: 'time limit',
  caching: 'caching',
  salt: 'salt',
  input: 'input files',
}

/** What differs, as a person reads it: lines with - are of the action before, those with + of this one. */
export function explanationText({ action, previous, previousAt, target, mnemonic, comparison }: Explanation): string {
  const about = [mnemonic, target].filter((text) => text !== undefined).map(plainLine)
  const head = [...(about.length === 0 ? [] : [about.join(' ')]), `action    ${action}`]
  if (previous === undefined)
    return lines([
      ...head,
      'no other action of this target with the same outputs is remembered since the server started',
    ])
  const when = previousAt === undefined ? '' : `, ended ${new Date(previousAt).toISOString()}`
  const { differences, truncated, unknown } = comparison
  const same = differences.length === 0 && unknown.length === 0
  return lines([
    ...head,
    `previous  ${previous}${when}`,
    ...(same ? ['they are the same action'] : []),
    ...Object.entries(HEADINGS).flatMap(([kind, heading]) => {
      const some = differences.filter((difference) => difference.kind === kind)
      return some.length === 0 ? [] : ['', heading, ...some.flatMap(differenceLines)]
    }),
    ...(truncated ? ['', 'and more: these are the first of them'] : []),
    ...(unknown.length === 0 ? [] : ['', 'not compared', ...unknown.map((sentence) => `  ${plainLine(sentence)}`)]),
  ])
}

function differenceLines({ subject, before, after }: Difference): string[] {
  return [
    ...(subject === '' ? [] : [`  ${plainLine(subject)}`]),
    ...(before === undefined ? [] : [`    - ${plainLine(before)}`]),
    ...(after === undefined ? [] : [`    + ${plainLine(after)}`]),
  ]
}

const lines = (all: readonly string[]) => `${all.join('\n')}\n`
