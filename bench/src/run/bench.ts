import { mkdirSync, writeFileSync } from 'node:fs'
import { totalmem } from 'node:os'
import { dirname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Arguments, OWN_NAME } from '../arguments.js'
import { choose } from '../choose.js'
import { Filler } from '../process/filler.js'
import { watchOtherLoad } from '../process/other-load.js'
import { settleDisk } from '../process/settle-disk.js'
import { temporaryDirectory } from '../process/temporary-directory.js'
import { thisMachine } from '../report/machine.js'
import { progressLine } from '../report/progress.js'
import { closingLines, headLines, type Report, tableLines } from '../report/report.js'
import { runTableHead, runTableRow } from '../report/run-table.js'
import { Section } from '../report/section.js'
import { allWorkloads, workloads } from '../workloads/index.js'
import { contendersOf } from './contenders.js'
import { medians } from './medians.js'
import { memoriesOf } from './memories.js'
import { runRounds } from './run-rounds.js'

/** Servers tidy up; memory is read after it. */
const REST_AFTER_ALL_MS = 2000

/** Heaps are collected, and what that leaves free given back, by the time that nothing has happened for so long. */
const REST_OF_THE_MEMORY_MS = 60_000

/** Of the memory: about so much the kernel keeps free of the page cache. */
const LEFT_FREE = 0.02

/** `npm run bench` without --curves. Returns whether everything was measured that a server of our own should do. */
export async function bench(args: Arguments, print: (lines: readonly string[]) => void): Promise<boolean> {
  const { seconds, rounds, remote, against } = args
  const chosen = choose(workloads, allWorkloads, args)
  const several = against.length > 0
  const section = args.markdown === undefined ? undefined : new Section(args.markdown, several ? 'comparison' : 'run')
  const directory = temporaryDirectory(args.directory)
  const filler = args.filler === undefined ? undefined : await fillerIn(args.filler)
  const contenders = contendersOf(args, directory)
  const servers = contenders.map(({ name }) => name)
  const head = {
    machine: thisMachine(),
    seconds,
    rounds,
    servers,
    ...(remote === undefined ? {} : { remote }),
    against,
  }
  const foreign = [...(remote === undefined ? [] : [remote]), ...against]
  const pids = foreign.map(({ pid }) => pid).filter((pid) => pid !== undefined)
  // What a server does of which nobody said which process it is cannot be told from what others do.
  const otherLoad = pids.length === foreign.length ? watchOtherLoad(pids) : () => undefined
  const oneByOne = !several && rounds === 1

  print([...headLines(head), ''])
  if (oneByOne) print(runTableHead)
  const results = await runRounds({
    workloads: chosen,
    contenders,
    rounds,
    setting: { seconds, directory },
    settle: async () => {
      if (several) await settleDisk()
      await filler?.fill()
    },
    onRow: (row) => print([oneByOne ? runTableRow(row) : progressLine(row, rounds)]),
  })
  await filler?.close()
  await sleep(REST_AFTER_ALL_MS)
  const memories = await memoriesOf({
    contenders,
    workloads: chosen,
    results,
    ...(args.full ? { restMs: REST_OF_THE_MEMORY_MS } : {}),
  })
  const others = otherLoad()
  for (const contender of contenders) await (await contender.ifStarted())?.stop()

  const report: Report = { ...head, ...results, memories, ...(others === undefined ? {} : { otherLoad: others }) }
  print(['', ...(oneByOne ? [] : tableLines(report, chosen)), ...closingLines(report)])
  section?.write([...headLines(report), '', ...tableLines(report, chosen), ...closingLines(report)])
  if (args.json !== undefined) {
    const json = { ...report, medians: medians(report.rows) }
    mkdirSync(dirname(args.json), { recursive: true })
    writeFileSync(args.json, `${JSON.stringify(json, undefined, 2)}\n`)
  }
  return report.failures.every(({ server }) => server !== OWN_NAME)
}

function fillerIn(parent: string): Promise<Filler> {
  const bytes = totalmem()
  return Filler.in(temporaryDirectory(parent), { bytes, leftFreeBytes: bytes * LEFT_FREE })
}
