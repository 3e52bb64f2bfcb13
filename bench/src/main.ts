/**
 * `npm run bench`: starts a server in a process of its own and loads it from others, one workload after the other.
 * Server, actions and load generator share the machine's cores; docs/performance.md says what that means.
 */
import { type Arguments, parseArguments } from './arguments.js'
import { curves } from './curves/index.js'
import { runCurves } from './curves/run-curves.js'
import { bench } from './run/bench.js'
import { usage } from './usage.js'
import { workloads } from './workloads/index.js'

const print = (lines: readonly string[]) => process.stdout.write(lines.map((line) => `${line}\n`).join(''))

try {
  if (!(await run(parseArguments(process.argv.slice(2))))) process.exitCode = 1
} catch (error) {
  process.stderr.write(`bench: ${(error as Error).message}\n`)
  process.exitCode = 1
}

async function run(args: Arguments): Promise<boolean> {
  if (args.help) print([usage(workloads, curves)])
  else return args.curves ? runCurves(args, print) : bench(args, print)
  return true
}
