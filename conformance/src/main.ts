/** `npm run conformance`: see arguments.ts for what it can be told. Exit code 1 if a requirement failed. */
import { writeFileSync } from 'node:fs'
import { type Arguments, parseArguments, usage } from './arguments.js'
import { cases } from './cases/index.js'
import { notApplicable } from './not-applicable.js'
import { table } from './report/table.js'
import { tally } from './report/tally.js'
import { sections } from './requirements/index.js'
import type { Outcome } from './suite/outcome.js'
import { runCases } from './suite/run-cases.js'
import { ownTarget, remoteTarget } from './target/target.js'

const print = (text: string) => process.stdout.write(`${text}\n`)

try {
  const args = parseArguments(process.argv.slice(2))
  if (args.help) process.stdout.write(usage)
  else if (args.list) list(args)
  else await tryAll(args)
} catch (error) {
  process.stderr.write(`conformance: ${(error as Error).message}\n`)
  process.exitCode = 1
}
// A case that was given up may have left something that would go on.
process.exit()

async function tryAll({ chosen, slow, remote, instance, width, json, verbose }: Arguments): Promise<void> {
  const wanted = cases.filter((each) => each.ids.some(chosen) && (slow || !each.slow))
  if (wanted.length === 0) throw new Error('no case has such an id: see --list')
  const target = remote === undefined ? await ownTarget() : await remoteTarget(remote, instance)
  // Nobody else would end a server that was started here.
  let isStopping = false
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      // A terminal's Ctrl-C comes from npm as well: once more.
      if (isStopping) return
      isStopping = true
      void target.stop().finally(() => {
        process.removeAllListeners(signal)
        process.kill(process.pid, signal)
      })
    })
  }
  let outcomes: Outcome[]
  try {
    print(`${remote ?? 'a gorego of its own'}: ${wanted.length} cases`)
    const onOutcome = ({ ids, title, verdict, seconds }: Outcome) =>
      print(`${verdict.padEnd(14)} ${seconds.toFixed(1).padStart(5)} s  ${ids.join(', ')}: ${title}`)
    outcomes = await runCases(wanted, { target, width, ...(verbose ? { onOutcome } : {}) })
  } finally {
    await target.stop()
  }
  const tallied = tally(outcomes, chosen)
  print(`\n${table(tallied)}`)
  if (json !== undefined) {
    const document = { server: remote ?? 'gorego', instance, date: new Date().toISOString(), sections: tallied }
    writeFileSync(json, `${JSON.stringify(document, undefined, 2)}\n`)
  }
  if (outcomes.some(({ verdict }) => verdict === 'failed')) process.exitCode = 1
}

function list({ chosen }: Arguments): void {
  for (const { number, title, requirements } of sections) {
    const some = requirements.filter(({ id }) => chosen(id))
    if (some.length > 0) print(`\n${number}. ${title}`)
    for (const { id, level, says } of some) {
      print(`  ${id} ${level}  ${says}`)
      for (const each of cases.filter(({ ids }) => ids.includes(id))) print(`      ${each.title}`)
      if (notApplicable[id] !== undefined) print(`      not tried: ${notApplicable[id]}`)
    }
  }
}
