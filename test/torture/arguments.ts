import { parseArgs } from 'node:util'
import type { Scenario } from './scenario.js'

export interface Arguments {
  readonly help: boolean
  readonly only: readonly string[]
  /** Undefined stands for each scenario's own number. */
  readonly rounds: number | undefined
  readonly seed: number
}

export function parseArguments(argv: readonly string[]): Arguments {
  const { values } = parseArgs({
    args: argv.filter((arg, n) => arg !== '--' || n > 0),
    options: {
      help: { type: 'boolean', default: false },
      only: { type: 'string', multiple: true, default: [] },
      rounds: { type: 'string' },
      seed: { type: 'string' },
    },
  })
  const { help, only, rounds, seed } = values
  return {
    help,
    only: only.flatMap((names) => names.split(',')).filter((name) => name !== ''),
    rounds: rounds === undefined ? undefined : wholeNumber('--rounds', rounds, 1),
    seed: seed === undefined ? Math.floor(Math.random() * 2 ** 32) : wholeNumber('--seed', seed, 0),
  }
}

/** Those that were asked for by name or the beginning of it; all, if none was. */
export function choose(scenarios: readonly Scenario[], only: readonly string[]): readonly Scenario[] {
  if (only.length === 0) return scenarios
  const wanted = new Set(
    only.flatMap((name) => {
      const found = scenarios.filter((scenario) => scenario.name.startsWith(name))
      if (found.length > 0) return found
      throw new Error(`there is no scenario ${name}: ${scenarios.map((scenario) => scenario.name).join(', ')}`)
    }),
  )
  return scenarios.filter((scenario) => wanted.has(scenario))
}

export function usage(scenarios: readonly Scenario[]): string {
  const list = scenarios.map(({ name, about, rounds }) => `  ${name.padEnd(20)}${String(rounds).padStart(5)}  ${about}`)
  return `Usage: npm run torture -- [flags]

  --only a,b,…   scenarios by name, or by the beginning of their names
  --rounds N     how many rounds each makes, instead of its own number
  --seed N       the choices of another run again

Scenarios, with their numbers of rounds:

${list.join('\n')}
`
}

function wholeNumber(name: string, text: string, min: number): number {
  const number = Number(text)
  if (Number.isSafeInteger(number) && number >= min) return number
  throw new Error(`${name} ${text}: want a whole number, ${min} or more`)
}
