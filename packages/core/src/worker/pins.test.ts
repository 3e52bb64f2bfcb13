// What accepted actions need, and what they have made, under eviction: from the moment they are accepted until their result is stored.
import { deepEqual, equal, ok } from 'node:assert/strict'
import { existsSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { test } from 'uvu'
import { SHA256 } from '../digest/index.js'
import { fromDigestMessage } from '../proto/digests.js'
import { ActionResult } from '../proto/messages.js'
import type { Outcome } from '../scheduler/index.js'
import type { ActionMessages } from '../testing/action-builder.js'
import { blobOf } from '../testing/blobs.js'
import { instead } from '../testing/instead.js'
import { type Accepted, SqueezedEngine, type SqueezedEngineOptions } from '../testing/squeezed-engine.js'
import { type TemporaryDirectory, temporaryDirectory } from '../testing/temporary-directory.js'
import { until } from '../testing/until.js'

/** Another file system than that of temporary files, if there is one. */
const ELSEWHERE = '/dev/shm'
const isElsewhere = existsSync(ELSEWHERE) && statSync(ELSEWHERE).dev !== statSync(tmpdir()).dev

const modes: Record<string, SqueezedEngineOptions & { readonly copies?: boolean }> = {
  'links, 10 s of grace': {},
  'links, no grace': { graceMs: 0 },
  ...(isElsewhere
    ? { 'copies, 10 s of grace': { copies: true }, 'copies, no grace': { graceMs: 0, copies: true } }
    : {}),
}
if (!isElsewhere) console.log(`without inputs that are copied: ${ELSEWHERE} is no other file system than ${tmpdir()}`)

/** Of every kind of file that an input root has, in Directories of their own. */
const inputs: ActionMessages['inputs'] = {
  in: 'an input',
  tool: { content: '#!/bin/sh\necho a tool\n', executable: true },
  d: { directory: { e: { directory: { deep: 'deep down' } }, twice: 'an input' } },
}
const readAll = '{ cat in d/e/deep d/twice && ./tool; }'
const READ = 'an inputdeep downan inputa tool\n'

for (const [mode, { copies, ...options }] of Object.entries(modes)) {
  let elsewhere: TemporaryDirectory | undefined
  let opened: SqueezedEngine | undefined
  const withEngine = (what: string, body: (engine: SqueezedEngine) => Promise<void>) =>
    test(`${what} (${mode})`, async () => {
      elsewhere ??= copies ? temporaryDirectory(ELSEWHERE) : undefined
      opened ??= await SqueezedEngine.open({ ...options, ...(elsewhere && { buildRoot: elsewhere.path }) })
      // What the test before wrote may go.
      opened.clock.advance(60_000)
      const before = opened.store.evictions
      await body(opened)
      ok(opened.store.evictions > before, 'it shows nothing: nothing was evicted')
    })
  test.after(async () => {
    await opened?.[Symbol.asyncDispose]()
    elsewhere?.[Symbol.dispose]()
  })

  withEngine('EX-06: what an action needs that waits is there when its turn comes', async (engine) => {
    const unneeded = blobOf('nobody needs this')
    await engine.store.write(unneeded.digest, unneeded.bytes)
    const { release } = await occupySlot(engine)
    const waiting = await engine.sh(`${readAll} > out`, { inputs, outputPaths: ['out'] })
    await isIn(waiting, 'queued')
    for (let n = 0; n < 3; n++) await engine.squeeze()
    equal(engine.isOnDisk(unneeded.digest), false)
    deepEqual(lost(engine, waiting), [])
    release()
    equal(await outputOf(engine, await waiting.ended), READ)
  })

  withEngine('EX-06: so it is while its result is looked for', async (engine) => {
    using _ = instead(engine.results, 'get', async () => {
      for (let n = 0; n < 3; n++) await engine.squeeze()
      return undefined
    })
    const { ended } = await engine.sh(`: no result yet; ${readAll} > out`, { inputs, outputPaths: ['out'] })
    equal(await outputOf(engine, await ended), READ)
  })

  withEngine(
    'an action that removes and moves inputs, of which nobody has used any for long, has altered none',
    async (engine) => {
      const [started, gate] = [engine.path('started'), engine.path('gate')]
      const script = `touch ${started}; ${waitFor(gate)}; cat in > out; rm in d/twice; mv tool elsewhere`
      const running = await engine.sh(script, { inputs, outputPaths: ['out'] })
      await until('the action', () => existsSync(started))
      for (let n = 0; n < 3; n++) await engine.squeeze()
      writeFileSync(gate, '')
      equal(await outputOf(engine, await running.ended), 'an input')
    },
  )

  withEngine('an action whose runner dies is run again, whatever was evicted since it was staged', async (engine) => {
    const [started, gate] = [engine.path('started'), engine.path('gate')]
    const script = `${readAll} > out && echo x >> ${started} && ${waitFor(gate)}`
    const running = await engine.sh(script, { inputs, outputPaths: ['out'] })
    await until('the action', () => existsSync(started))
    for (let n = 0; n < 3; n++) await engine.squeeze()
    for (const pid of engine.worker.runnerPids) process.kill(pid, 'SIGKILL')
    writeFileSync(gate, '')
    equal(await outputOf(engine, await running.ended), READ)
    equal(statSync(started).size, 'x\n'.repeat(2).length)
  })

  withEngine('OR-05: what an action made is there while it is counted, also what was there before', async (engine) => {
    const known = blobOf('made before, by somebody else\n')
    await engine.store.write(known.digest, known.bytes)
    let adopted = 0
    using _ = instead(engine.store, 'adopt', async (adopt, added) => {
      adopted++
      const counted = adopt(added)
      await engine.squeeze()
      return await counted
    })
    const outputPaths = ['old', 'new']
    const { ended } = await engine.sh(`echo made before, by somebody else > old; echo new > new`, { outputPaths })
    const outcome = await ended
    equal(await outputOf(engine, outcome), 'made before, by somebody else\nnew\n')
    equal(adopted, 1, 'it did not have to run again')
  })

  withEngine('EX-24: until the result that names it is stored, however long that takes', async (engine) => {
    using _ = instead(engine.results, 'put', async (put, ...args) => {
      for (let n = 0; n < 3; n++) await engine.squeeze()
      await put(...args)
    })
    const script = 'echo file > out; mkdir -p d/e; echo below > d/e/f; echo said; echo complained >&2'
    const { action, ended } = await engine.sh(script, { outputPaths: ['out', 'd'] })
    const outcome = await ended
    equal(outcome.failure, undefined)
    const again = await engine.scheduler.execute({ instance: '', action: action.digest })
    const hit = await new Promise<Outcome>((resolve) =>
      engine.scheduler.subscribe(again.name, ({ outcome }) => outcome && resolve(outcome)),
    )
    equal(hit.cached, true, 'the result is whole')
  })
}

test('AC-03: what a cached result names is there when its client comes for it', async () => {
  await using engine = await SqueezedEngine.open()
  const messages = { outputPaths: ['out', 'd'] }
  const output = blobOf('file\n')
  const script = 'echo file > out; mkdir -p d/e; echo below > d/e/f'
  await (await engine.sh(script, messages)).ended
  engine.clock.advance(60_000)
  // All that may go goes, just when everything that the result names was found.
  using _ = instead(engine.store, 'findMissing', async (findMissing, digests) => {
    const missing = await findMissing(digests)
    if (digests.some((digest) => digest.equals(output.digest))) await engine.fill()
    return missing
  })
  const outcome = await (await engine.sh(script, messages)).ended
  equal(outcome.cached, true)
  equal(await outputOf(engine, outcome), 'file\n')
})

test('EX-06: of what waits that is more than half of the cache, the last is not kept, and named to its client', async () => {
  await using engine = await SqueezedEngine.open({ blocks: 100 })
  const { release } = await occupySlot(engine)
  const large = (name: string) => ({ [name]: name.repeat(20 * 4096) })
  const waiting: Accepted[] = []
  for (const name of ['a', 'b', 'c', 'd']) {
    const inputs = large(name)
    waiting.push(await engine.sh(`wc -c < ${name} > out`, { inputs, outputPaths: ['out'] }))
  }
  for (const each of waiting) await isIn(each, 'queued')
  await engine.squeeze()
  release()
  const outcomes = await Promise.all(waiting.map(({ ended }) => ended))
  equal(await outputOf(engine, outcomes[0] as Outcome), `${20 * 4096}\n`)
  const { failure } = outcomes.at(-1) as Outcome
  equal(failure?.code, 'failed-precondition')
  const [detail] = failure?.details ?? []
  ok(detail?.kind === 'missing-blobs')
  deepEqual(detail.subjects, [`blobs/${(waiting.at(-1) as Accepted).action.digest}`])
})

test('what no action needs any more may go', async () => {
  await using engine = await SqueezedEngine.open({ graceMs: 0 })
  const ran = await engine.sh(`${readAll} > out`, { inputs, outputPaths: ['out'] })
  equal((await ran.ended).failure, undefined)
  await engine.squeeze()
  equal(lost(engine, ran).length, ran.action.blobs.length)
})

const waitFor = (path: string) => `while [ ! -e ${path} ]; do sleep 0.01; done`

/** Has the one slot busy until it is released. */
async function occupySlot(engine: SqueezedEngine): Promise<{ release: () => void }> {
  const [started, gate] = [engine.path('occupied'), engine.path('released')]
  await engine.sh(`touch ${started}; ${waitFor(gate)}`)
  await until('the slot is taken', () => existsSync(started))
  return { release: () => writeFileSync(gate, '') }
}

async function isIn(accepted: Accepted, stage: 'queued'): Promise<void> {
  while (accepted.state.stage !== stage) await nextTurn()
}

/** Of the action's blobs, those that are not there any more. */
function lost(engine: SqueezedEngine, { action }: Accepted): string[] {
  return action.blobs.filter(({ digest }) => !engine.isOnDisk(digest)).map(({ digest }) => String(digest))
}

/** What is in the output files, one after the other. */
async function outputOf(engine: SqueezedEngine, { failure, result }: Outcome): Promise<string> {
  equal(failure, undefined, failure?.message)
  const files = ActionResult.deserializeBinary(result ?? new Uint8Array(0)).getOutputFilesList()
  const digests = files.map((file) => fromDigestMessage(SHA256, file.getDigest(), file.getPath()))
  const contents = await Promise.all(digests.map((digest) => engine.store.get(digest)))
  return Buffer.concat(contents).toString()
}

test.run()
