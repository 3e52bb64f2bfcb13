/**
 * `npm run bench`: starts a server in a process of its own and loads it from this one, one workload after the other.
 * Server, actions and load generator share the machine's cores; docs/performance.md says what that means.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Arguments, choose, parseArguments, usage } from './arguments.js'
import { watchOtherLoad } from './process/other-load.js'
import { temporaryDirectory } from './process/temporary-directory.js'
import { machineLine, thisMachine } from './report/machine.js'
import { tableHead, tableRow } from './report/table.js'
import { runAll } from './run-all.js'
import { foreignServer, ownServer, type ServerUnderTest } from './server-under-test.js'
import { workloads } from './workloads/index.js'

const print = (text: string) => process.stdout.write(`${text}\n`)

try {
  const args = parseArguments(process.argv.slice(2))
  if (args.help) process.stdout.write(usage(workloads))
  else await bench(args)
} catch (error) {
  process.stderr.write(`bench: ${(error as Error).message}\n`)
  process.exitCode = 1
}

async function bench(args: Arguments): Promise<void> {
  const chosen = choose(workloads, args)
  const directory = temporaryDirectory(args.directory)
  let started: Promise<ServerUnderTest> | undefined
  const server = () => {
    started ??=
      args.remote === undefined
        ? ownServer(join(directory, 'server'))
        : Promise.resolve(foreignServer(args.remote, args.pid))
    return started
  }

  const machine = thisMachine()
  const otherLoad = watchOtherLoad()
  print(machineLine(machine))
  print(`${args.remote ?? 'A gorego of its own'}; client and server share these CPUs; ${args.seconds} s a workload\n`)
  print(tableHead)
  const setting = { seconds: args.seconds, directory, server }
  const { rows, failures } = await runAll(chosen, setting, (row) => print(tableRow(row)))
  for (const { workload, message } of failures) process.stderr.write(`bench: ${workload} failed: ${message}\n`)
  if (failures.length > 0) process.exitCode = 1
  await (await started?.catch(() => undefined))?.stop()
  const others = otherLoad()
  if (others !== undefined && args.remote === undefined)
    print(`\nOther processes used ${Math.round(others * 100)} % of the CPU time meanwhile.`)
  if (args.json !== undefined) {
    const { seconds, remote } = args
    writeFileSync(
      args.json,
      `${JSON.stringify({ machine, seconds, remote, otherLoad: others, rows, failures }, undefined, 2)}\n`,
    )
  }
}
