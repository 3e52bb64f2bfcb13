import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { reapi } from '@gorego/core'
import { type BuiltAction, blobOfSize, buildAction, HANG_BOUND_MS, type TreeEntry } from '@gorego/core/testing'
import { CallError, TortureClient } from './client.js'
import { Random } from './random.js'
import type { Figures, Run, Scenario } from './scenario.js'
import { killOne, TorturedServer } from './tortured-server.js'

const SLOTS = 2

/** Enough of both that staging, collecting and cleaning each take some milliseconds in which to be killed. */
const INPUTS = 300
const OUTPUTS = 150

/**
 * Runners are killed at any moment: before an action reaches them, while they stage, run, collect or clean. Each action
 * ends well or with a reason; in the end every slot works, and nothing is left of what went before.
 */
export const crashRunner: Scenario = {
  name: 'crash-runner',
  about: 'kill -9 to runners at any moment: actions end well or say why not, slots come back, nothing is left',
  rounds: 50,
  async run({ seed, rounds, log }: Run): Promise<Figures> {
    const random = new Random(seed)
    const numbers: Record<string, number> = { rounds, kills: 0, succeeded: 0, 'failed with a reason': 0 }
    const problems: string[] = []
    const server = new TorturedServer({ env: { GOREGO_EXECUTION_CONCURRENCY: String(SLOTS) } })
    const count = (what: string) => {
      numbers[what] = (numbers[what] ?? 0) + 1
    }
    try {
      const { address } = await server.start()
      using client = new TortureClient(address)
      for (let round = 0; round < rounds; round++) {
        const actions = Array.from({ length: SLOTS * 2 }, (_, n) => busyAction(`${seed} ${round} ${n}`))
        await sendAll(client, actions)
        let done = false
        const outcomes = Promise.all(actions.map((action) => outcome(client, action))).finally(() => {
          done = true
        })
        // Once in most rounds; now and then again and again, so that second tries die, too.
        for (let kills = random.chance(0.3) ? 6 : 1; kills > 0 && !done; kills--) {
          await pause(random.between(0, 120))
          const runners = server.runners()
          if (runners.length === 0) continue
          if (killOne(random.pick(runners))) count('kills')
        }
        for (const { kind, what } of await outcomes) {
          count(kind)
          if (kind === 'failed without one') problems.push(`round ${round + 1}: ${what}`)
        }
        log(`round ${round + 1}: ${numbers.kills} kills, ${numbers.succeeded} actions succeeded`)
      }
      problems.push(...(await allSlotsWork(client, server.path('meeting'))))
      const left = [...(await server.underWay()), ...(await server.orphans()).map((pid) => `process ${pid}`)]
      problems.push(...left.map((path) => `${path} is left`))
      await server.stop()
      problems.push(...server.leftovers().map((path) => `${path} is left of the server`))
    } finally {
      await server.close()
    }
    return { numbers, problems }
  },
}

function busyAction(name: string): BuiltAction {
  const inputs: Record<string, TreeEntry> = {}
  for (let n = 0; n < INPUTS; n++) inputs[`in-${n}`] = blobOfSize(100, `crash ${n}`).bytes
  const script = `echo ${name} > name; i=0; while [ $i -lt ${OUTPUTS} ]; do echo $i ${name} > out/$i; i=$((i+1)); done`
  return buildAction({ argv: ['/bin/sh', '-c', `mkdir out; ${script}`], inputs, outputPaths: ['name', 'out'] })
}

/** Actions that only end together: as many as there are slots. */
async function allSlotsWork(client: TortureClient, meeting: string): Promise<string[]> {
  mkdirSync(meeting)
  const names = Array.from({ length: SLOTS }, (_, n) => join(meeting, String(n)))
  const everybodyIsThere = names.map((name) => `[ -e ${name} ]`).join(' && ')
  const actions = names.map((name) =>
    buildAction({
      argv: ['/bin/sh', '-c', `: > ${name}; until ${everybodyIsThere}; do sleep 0.01; done`],
      env: [['PATH', '/usr/bin:/bin']],
      timeoutMs: HANG_BOUND_MS,
    }),
  )
  await sendAll(client, actions)
  const outcomes = await Promise.all(actions.map((action) => outcome(client, action)))
  return outcomes.filter(({ kind }) => kind !== 'succeeded').map(({ what }) => `not all slots work any more: ${what}`)
}

async function sendAll(client: TortureClient, actions: readonly BuiltAction[]): Promise<void> {
  for (const { blobs } of actions) {
    for (const failure of await client.batchUpdate(blobs)) if (failure !== undefined) throw failure
  }
}

interface End {
  readonly kind: 'succeeded' | 'failed with a reason' | 'failed without one'
  readonly what: string
}

/** A runner that died twice over one action is a fault of ours, and is to be called one. */
async function outcome(client: TortureClient, action: BuiltAction): Promise<End> {
  const response = await client.execute(action.digest)
  const rpcStatus = response.getStatus()
  const exitCode = response.getResult()?.getExitCode()
  if (rpcStatus === undefined || rpcStatus.getCode() === 0) {
    const whole = exitCode === 0 && (await isWhole(client, response.getResult()))
    return { kind: whole ? 'succeeded' : 'failed without one', what: `exit code ${exitCode}, or outputs are missing` }
  }
  const { code, message } = CallError.fromStatus(rpcStatus)
  const explained = code === 'INTERNAL' && /died, twice \(signal SIGKILL/.test(message)
  return { kind: explained ? 'failed with a reason' : 'failed without one', what: message }
}

async function isWhole(client: TortureClient, result: reapi.ActionResult | undefined): Promise<boolean> {
  const outputs = result === undefined ? [] : await client.outputsOf(result)
  return (await client.findMissing(outputs)).size === 0
}
