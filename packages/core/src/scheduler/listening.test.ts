import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { HandDriven, resultOf } from '../testing/hand-driven.js'
import type { PrintedListener, PrintedPiece } from './audience.js'

const piece = (text: string): PrintedPiece => ({ stream: 'stdout', offset: 0, bytes: Buffer.from(text) })

/** Asks for `a` and notes what comes. */
async function listen(hand: HandDriven, heard: string[], who: string): Promise<string> {
  const name = await hand.ask('a')
  const listener: PrintedListener = ({ bytes }) => void heard.push(`${who} ${Buffer.from(bytes)}`)
  hand.scheduler.listen(name, listener)
  return name
}

test('everybody who waits for an action hears what its command prints, and each of them is announced', async () => {
  const hand = new HandDriven()
  const heard: string[] = []
  await listen(hand, heard, 'first')
  const { audience } = hand.run('a').run
  let newcomers = 0
  audience?.watch(() => newcomers++)
  assert.is(newcomers, 1, 'who was there already')
  await listen(hand, heard, 'second')
  assert.is(newcomers, 2)
  await audience?.tell(piece('x'))
  assert.equal(heard, ['first x', 'second x'])
})

test('who was cancelled hears nothing more, and nobody after the end', async () => {
  const hand = new HandDriven()
  const heard: string[] = []
  const first = await listen(hand, heard, 'first')
  const second = await listen(hand, heard, 'second')
  const { run, end } = hand.run('a')
  hand.scheduler.cancel(first)
  await run.audience?.tell(piece('x'))
  await end(resultOf('r'))
  await run.audience?.tell(piece('y'))
  hand.scheduler.listen(second, () => void assert.unreachable())
  assert.equal(heard, ['second x'])
})

test('who listens to what waits in the queue is there when it starts; nobody is announced where nobody listens', async () => {
  const hand = new HandDriven()
  const heard: string[] = []
  await hand.ask('before')
  await listen(hand, heard, 'waiting')
  hand.run('before').run.audience?.watch(() => assert.unreachable())
  await hand.run('before').end(resultOf('r'))
  let newcomers = 0
  hand.run('a').run.audience?.watch(() => newcomers++)
  assert.is(newcomers, 1)
})

test('a telling is over when everybody has taken it', async () => {
  const hand = new HandDriven()
  const name = await hand.ask('a')
  const taken: string[] = []
  hand.scheduler.listen(name, async () => {
    await undefined
    taken.push('slowly')
  })
  hand.scheduler.listen(name, () => void taken.push('at once'))
  await hand.run('a').run.audience?.tell(piece('x'))
  assert.equal(taken, ['at once', 'slowly'])
})

test.run()
