import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { MemoryActionCache } from '../action-cache/index.js'
import { MemoryStore } from '../cas/index.js'
import { Digest, SHA256 } from '../digest/index.js'
import { GoregoError } from '../errors/index.js'
import { createPlatformCheck } from '../platform/index.js'
import { toDigestMessage } from '../proto/digests.js'
import { Action, Command, Platform } from '../proto/messages.js'
import { createActionLookup } from './action-lookup.js'

const cas = new MemoryStore()
const actionCache = new MemoryActionCache()
const checkPlatform = createPlatformCheck({ labels: [{ name: 'colour', value: 'green' }] })
const lookup = createActionLookup({ cas, actionCache, checkPlatform })
const { signal } = new AbortController()

const platform = (...colours: string[]) =>
  new Platform().setPropertiesList(colours.map((colour) => new Platform.Property().setName('colour').setValue(colour)))

async function stored(bytes: Uint8Array): Promise<Digest> {
  const digest = Digest.ofBytes(SHA256, bytes)
  await cas.write(digest, bytes)
  return digest
}

async function actionWith(own: Platform | undefined, command: Digest): Promise<Digest> {
  const action = new Action().setCommandDigest(toDigestMessage(command)).setInputRootDigest(toDigestMessage(command))
  if (own !== undefined) action.setPlatform(own)
  return await stored(action.serializeBinary())
}

const commandWith = (of: Platform | undefined) => {
  const command = new Command().setArgumentsList(['/bin/true'])
  return stored((of === undefined ? command : command.setPlatform(of)).serializeBinary())
}

async function outcome(action: Digest): Promise<string> {
  try {
    const found = await lookup({ instance: '', action }, signal)
    return 'run' in found ? 'runs' : 'cached'
  } catch (error) {
    assert.instance(error, GoregoError, String(error))
    return (error as GoregoError).code
  }
}

test('AN-06, EX-09: the platform of the Action counts, and that of the Command where the Action has none', async () => {
  const [green, red] = [platform('green'), platform('red')]
  for (const [ofAction, ofCommand, expected] of [
    [undefined, undefined, 'runs'],
    [undefined, green, 'runs'],
    [undefined, red, 'failed-precondition'],
    [green, red, 'runs'],
    [red, green, 'failed-precondition'],
    [new Platform(), red, 'runs'],
  ] as const) {
    assert.is(await outcome(await actionWith(ofAction, await commandWith(ofCommand))), expected)
  }
})

test('EX-06: a Command that is not there is left to the runner, which finds what else is missing', async () => {
  assert.is(await outcome(await actionWith(undefined, Digest.ofBytes(SHA256, Buffer.from('not there')))), 'runs')
})

test('EX-14: what is cached needs no worker', async () => {
  const action = await actionWith(platform('red'), await commandWith(undefined))
  await actionCache.put({ instance: '', action }, Buffer.from('result'))
  assert.is(await outcome(action), 'cached')
})

test('EX-08: a Command that is none, or that is too large to be one, is refused', async () => {
  assert.is(
    await outcome(await actionWith(undefined, await stored(Buffer.from('\xff no message')))),
    'invalid-argument',
  )
  // Its platform is no message: field 5 with the bytes ff ff.
  assert.is(
    await outcome(await actionWith(undefined, await stored(Buffer.from('2a02ffff', 'hex')))),
    'invalid-argument',
  )
  assert.is(await outcome(await actionWith(undefined, Digest.of(SHA256, '0'.repeat(64), 2 ** 30))), 'invalid-argument')
})

test('EX-08: a Command of millions of nothings, or with an endless platform, holds nobody up', async () => {
  const nothings = await stored(Buffer.alloc(4_000_000, '6800', 'hex'))
  let turns = 0
  const turning = setInterval(() => turns++, 0)
  assert.is(await outcome(await actionWith(undefined, nothings)), 'runs')
  clearInterval(turning)
  assert.ok(turns > 10, `${turns} turns`)
  const endless = await commandWith(platform(...Array.from({ length: 10_000 }, () => 'green')))
  assert.is(await outcome(await actionWith(undefined, endless)), 'invalid-argument')
})

test('a platform that comes in two parts is both of them, as protobuf has it', async () => {
  const parts = [platform('green'), platform('red')].map((part) => new Command().setPlatform(part).serializeBinary())
  const command = await stored(Buffer.concat(parts))
  assert.is(await outcome(await actionWith(undefined, command)), 'failed-precondition')
})

test.run()
