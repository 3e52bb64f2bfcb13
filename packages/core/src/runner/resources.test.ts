import { existsSync } from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { resourceUsageIn } from '../proto/resource-usage.js'
import { enoughTime } from '../testing/enough-time.js'
import { WorkerRig } from '../testing/worker-rig.js'

let rig: WorkerRig
test.before(async () => {
  rig = await WorkerRig.open({ policy: { reportResources: true } })
})
test.after(async () => {
  assert.equal(await rig.close(), [])
})

/** Node, for a program that does a known amount of something. */
const node = (script: string) => rig.run({ argv: [process.execPath, '-e', script] })

const BURN = (ms: number) => `
  const until = process.cpuUsage().user + ${ms} * 1000
  while (process.cpuUsage().user < until) Math.sqrt(2)`

test('CPU time of a command is counted, and of the programs that it starts and waits for', async () => {
  if (!existsSync('/proc/self/stat')) return
  const own = (await node(BURN(300))).outcome.resources
  assert.ok(own && own.userCpuMs >= 280, `${own?.userCpuMs}`)
  const { outcome } = await rig.sh(`"$NODE" -e '${BURN(300)}'; exit 0`, { env: [['NODE', process.execPath]] })
  assert.ok((outcome.resources?.userCpuMs ?? 0) >= 280)
})

test('what one action used is not counted for the next', async () => {
  await node(BURN(500))
  const { outcome } = await rig.sh('exit 0')
  assert.ok((outcome.resources?.userCpuMs ?? 0) < 400)
})

test('peak memory is the largest that a process had, also after it gave it back, also in a grandchild', async () => {
  if (!existsSync('/proc/self/status')) return
  // Stays for long enough to be looked at, without the memory.
  const hog = `let big = Buffer.alloc(200e6, 1); big = undefined; setTimeout(() => {}, 2500)`
  const own = (await node(hog)).outcome.resources
  assert.ok(own && (own.peakMemoryBytes ?? 0) > 200e6, `${own?.peakMemoryBytes}`)
  const child = await rig.sh(`(sleep 0; "$NODE" -e '${hog}'); exit 0`, { env: [['NODE', process.execPath]] })
  assert.ok((child.outcome.resources?.peakMemoryBytes ?? 0) > 200e6)
  const small = await rig.sh('exit 0')
  assert.ok((small.outcome.resources?.peakMemoryBytes ?? 0) < 100e6)
})

test('it is in the metadata of the result, where that is wanted', async () => {
  const { result, outcome } = await rig.sh('exit 3')
  const metadata = result.getExecutionMetadata()?.getAuxiliaryMetadataList() ?? []
  assert.equal(resourceUsageIn(metadata), outcome.resources)
  assert.is(metadata[0]?.getTypeUrl(), 'type.googleapis.com/gorego.execution.v1.ResourceUsage')
  await using silent = await WorkerRig.open()
  const without = await silent.sh('exit 3')
  assert.equal(without.result.getExecutionMetadata()?.getAuxiliaryMetadataList(), [])
  assert.ok(without.outcome.resources)
})

test('a command that was stopped used something, too', async () => {
  const attempt = async (timeoutMs: number) => {
    const { outcome } = await rig.sh('while :; do :; done', {}, { timeoutMs })
    assert.is(outcome.failure?.code, 'deadline-exceeded')
    const { userCpuMs = 0, systemCpuMs = 0 } = outcome.resources ?? {}
    return userCpuMs + systemCpuMs
  }
  assert.ok((await enoughTime(500, attempt, (cpuMs) => cpuMs > 50)) > 50)
})

test('very many processes cost no more than a little to look at', async () => {
  const { outcome } = await rig.sh('for n in $(seq 300); do sleep 0.5 & done; wait')
  assert.is(outcome.failure, undefined)
  assert.ok((outcome.resources?.peakMemoryBytes ?? 1) > 0)
})

test.run()
