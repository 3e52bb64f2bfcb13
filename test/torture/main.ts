/** `npm run torture`: scenario after scenario, each with the same seed; exits with 1 if any of them had a problem. */
import { type Arguments, choose, parseArguments, usage } from './arguments.js'
import { scenarios } from './index.js'
import type { Figures, Scenario } from './scenario.js'

/** Beyond it, more of the same. */
const PROBLEMS_SHOWN = 20

const print = (line: string) => process.stdout.write(`${line}\n`)

try {
  const args = parseArguments(process.argv.slice(2))
  if (args.help) process.stdout.write(usage(scenarios))
  else for (const scenario of choose(scenarios, args.only)) await torture(scenario, args)
} catch (error) {
  process.stderr.write(`torture: ${(error as Error).message}\n`)
  process.exitCode = 1
}

async function torture(scenario: Scenario, { seed, rounds = scenario.rounds }: Arguments): Promise<void> {
  print(`${scenario.name}: ${scenario.about} (--seed ${seed} --rounds ${rounds})`)
  const started = performance.now()
  const { numbers, problems } = await outcome(scenario, { seed, rounds, log: (line) => print(`  ${line}`) })
  const seconds = Math.round((performance.now() - started) / 1000)
  for (const [name, value] of Object.entries({ ...numbers, problems: problems.length, seconds })) {
    print(`  ${name.padEnd(32)}${value.toLocaleString('en-US').padStart(14)}`)
  }
  for (const problem of problems.slice(0, PROBLEMS_SHOWN)) print(`  PROBLEM ${problem}`)
  if (problems.length > 0) process.exitCode = 1
}

/** One that cannot go on does not keep the others from their turn. */
async function outcome(scenario: Scenario, run: Parameters<Scenario['run']>[0]): Promise<Figures> {
  try {
    return await scenario.run(run)
  } catch (error) {
    return { numbers: {}, problems: [`it could not go on: ${(error as Error).stack}`] }
  }
}
