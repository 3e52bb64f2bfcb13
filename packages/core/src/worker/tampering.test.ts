import { existsSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Digest, SHA256 } from '../digest/index.js'
import type { Outcome } from '../scheduler/index.js'
import { type BuiltAction, buildAction } from '../testing/action-builder.js'
import { until } from '../testing/until.js'
import { WorkerRig } from '../testing/worker-rig.js'

let rig: WorkerRig
test.before(async () => {
  rig = await WorkerRig.open({ slots: 2 })
})
test.after(async () => {
  assert.equal(await rig.close(), [])
})

const digestOf = (text: string) => Digest.ofBytes(SHA256, Buffer.from(text))
const missing = (digest: Digest) => [{ kind: 'missing-blobs', subjects: [`blobs/${digest}`] }]
let texts = 0
/** A blob that no other test uses. */
const original = (bytes = 64) => `original ${texts++} `.padEnd(bytes, '.')

function lost({ failure, result }: Outcome, digest: Digest): void {
  assert.is(failure?.code, 'failed-precondition', failure?.message)
  assert.equal(failure?.details, missing(digest))
  assert.is(result, undefined)
}

async function isNotThere(digest: Digest): Promise<void> {
  assert.equal(await rig.store.findMissing([digest]), [digest])
  try {
    await rig.store.get(digest)
    assert.unreachable('altered bytes were read')
  } catch (error) {
    assert.is((error as { code: string }).code, 'not-found')
  }
}

const ways: Record<string, string> = {
  'overwrites it': 'printf altered > in',
  'overwrites it and puts the time back': `t=$(stat -c %y in); s=$(stat -c %s in); head -c $s /dev/zero > in; touch -d "$t" in`,
  'writes one byte and puts the time back': `t=$(stat -c %y in); printf X | dd of=in conv=notrunc 2>/dev/null; touch -d "$t" in`,
  'appends to it': 'echo more >> in',
  'appends to it and puts the time back': `t=$(stat -c %y in); echo more >> in; touch -d "$t" in`,
  'truncates it': ': > in',
  'makes it writable and writes': 'chmod 666 in; echo altered > in; chmod 444 in',
  'writes through another name': 'ln in other; echo altered > other; rm in other',
  'writes, and puts a good file in its place': 'cp -p in copy; echo altered > in; mv -f copy in',
  'writes, and fails': 'echo altered > in; exit 1',
}

const sizes = { small: 64, large: 400_000 }

for (const [what, script, size] of Object.entries(ways).flatMap(([what, script]) =>
  (['small', 'large'] as const).map((size) => [what, script, size] as const),
)) {
  test(`CM-12 an action with a ${size} input ${what}: nobody ever sees the altered bytes`, async () => {
    const text = original(sizes[size])
    const digest = digestOf(text)
    const action = buildAction({ argv: ['/bin/sh', '-c', `${script}; :`], inputs: { in: text }, outputPaths: ['in'] })
    await action.upload(rig.store)
    lost((await rig.execute(action)).outcome, digest)
    assert.is(await rig.cache.get({ instance: '', action: action.digest }), undefined)
    await isNotThere(digest)

    // The client does as it is told; now the action gets a copy to write to.
    await action.upload(rig.store)
    assert.is((await rig.execute(action)).outcome.failure, undefined)
    assert.is(Buffer.from(await rig.store.get(digest)).toString(), text)
    assert.is((await rig.run({ argv: ['/bin/cat', 'in'], inputs: { in: text } })).stdout, text)
  })
}

test('CM-12 an executable that is written to is thrown out in both variants', async () => {
  const text = `#!/bin/sh\n# ${original()}\n`
  const digest = digestOf(text)
  const inputs = { in: { content: text, executable: true } }
  lost((await rig.sh('echo "exit 3" > in', { inputs })).outcome, digest)
  await isNotThere(digest)
  assert.not(existsSync(rig.store.layout.blob(digest, 'executable')))
  assert.is((await rig.sh('echo "exit 3" > in; ./in; echo $?', { inputs })).stdout, '3\n')
  assert.is((await rig.sh('./in; echo $?', { inputs })).stdout, '0\n')
})

test('DR-10 an input that an action makes executable is not executable for the next', async () => {
  const text = original()
  const inputs = { in: text }
  lost((await rig.sh('chmod 755 in', { inputs })).outcome, digestOf(text))
  assert.is((await rig.sh('chmod 755 in; test -x in; echo $?', { inputs })).stdout, '0\n')
  assert.is((await rig.sh('stat -c %a in', { inputs })).stdout, '444\n')
})

test('replacing, moving and removing inputs, and changing their links and times, is nobody else’s business', async () => {
  const text = original()
  for (const script of [
    'rm in',
    'mv in elsewhere',
    'cp in x; mv x in',
    'echo new > x; mv x in',
    'ln in y',
    'sed -i s/o/0/ in',
  ]) {
    assert.is((await rig.sh(script, { inputs: { in: text } })).outcome.failure, undefined, script)
  }
  assert.is(Buffer.from(await rig.store.get(digestOf(text))).toString(), text)
})

/** Two actions use one blob at a time: one writes to it, the other reads it, and ends only after `between`. */
async function concurrently(text: string, between: (writer: BuiltAction) => Promise<void>) {
  const [altered, read, gate] = ['altered', 'read', 'gate'].map((name) => rig.path(`${name}-${texts}`))
  const wait = (path?: string) => `while [ ! -e ${path} ]; do sleep 0.01; done`
  const inputs = { in: text }
  const reader = rig.sh(`touch ${read}; ${wait(altered)}; cat in; ${wait(gate)}`, { inputs })
  await until('the reader', () => existsSync(read ?? ''))
  const writer = buildAction({
    argv: ['/bin/sh', '-c', `t=$(stat -c %y in); printf X | dd of=in conv=notrunc; touch -d "$t" in; touch ${altered}`],
    inputs,
  })
  await writer.upload(rig.store)
  lost((await rig.execute(writer)).outcome, digestOf(text))
  await between(writer)
  writeFileSync(gate ?? '', '')
  return await reader
}

test('an action that ran beside it and read the altered bytes has no result either', async () => {
  const text = original()
  const { outcome, action } = await concurrently(text, async () => {})
  lost(outcome, digestOf(text))
  assert.is(await rig.cache.get({ instance: '', action: action.digest }), undefined)
})

test('nor if the client has sent the blob again by then', async () => {
  const text = original()
  const { outcome, action } = await concurrently(text, (writer) => writer.upload(rig.store))
  lost(outcome, digestOf(text))
  assert.is(await rig.cache.get({ instance: '', action: action.digest }), undefined)
})

test('an input that the store evicts meanwhile harms nobody', async () => {
  const text = original()
  const [started, gate] = [rig.path('evict-started'), rig.path('evict-gate')]
  const running = rig.sh(`touch ${started}; while [ ! -e ${gate} ]; do sleep 0.01; done; cat in`, {
    inputs: { in: text },
  })
  await until('the action', () => existsSync(started))
  rig.store.discard(digestOf(text))
  writeFileSync(gate, '')
  const { outcome, stdout } = await running
  assert.is(outcome.failure, undefined)
  assert.is(stdout, text)
})

test('an executable that was damaged on the disk is made anew', async () => {
  const text = `#!/bin/sh\necho whole ${original()}\n`
  const inputs = { tool: { content: text, executable: true } }
  await rig.run({ argv: ['./tool'], inputs })
  rmSync(rig.store.layout.blob(digestOf(text), 'executable'))
  writeFileSync(rig.store.layout.blob(digestOf(text), 'executable'), '#!/bin/sh\necho cut')
  const { outcome, stdout } = await rig.run({ argv: ['./tool'], inputs, salt: 'again' })
  assert.is(outcome.failure, undefined)
  assert.match(stdout, /^whole/)
})

test('no output is written to after it was stored: its link becomes the store’s own', async () => {
  const { result } = await rig.sh('echo output > out; mkdir d; echo inside > d/f; chmod 777 out d/f', {
    outputPaths: ['out', 'd'],
  })
  const digest = rig.digest(result.getOutputFilesList()[0]?.getDigest())
  assert.is(statSync(rig.store.layout.blob(digest)).mode & 0o777, 0o444)
})

test.run()
