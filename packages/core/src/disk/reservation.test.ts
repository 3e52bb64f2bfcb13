import { equal, rejects } from 'node:assert/strict'
import { test } from 'uvu'
import { reservationFrom } from './reservation.js'

const BLOCK = 4096

/** A room that notes what is taken from it, and lets take when it is told to. */
function roomOf(allowed = Promise.resolve()) {
  const room = { taken: 0, take, give }
  async function take(bytes: number): Promise<void> {
    await allowed
    room.taken += bytes
  }
  function give(bytes: number): void {
    room.taken -= bytes
  }
  return room
}

test('it takes whole blocks, and no more than it has not got yet', async () => {
  const room = roomOf()
  const reservation = reservationFrom(room)
  await reservation.grow(BLOCK + 1)
  equal(reservation.bytes, 2 * BLOCK)
  await reservation.grow(1)
  await reservation.grow(3 * BLOCK)
  equal(room.taken, 3 * BLOCK)
  reservation.shrink(BLOCK + 1)
  reservation.shrink(5 * BLOCK)
  equal(reservation.bytes, 2 * BLOCK)
  equal(room.taken, 2 * BLOCK)
  reservation[Symbol.dispose]()
  reservation[Symbol.dispose]()
  equal(room.taken, 0)
})

test('where nothing is to be had, it is what it was', async () => {
  const take = () => Promise.reject(new Error('full'))
  const reservation = reservationFrom({ take, give: () => {} })
  await rejects(reservation.grow(1), /full/)
  equal(reservation.bytes, 0)
})

test('what it gets after it was disposed of goes back', async () => {
  let allow = () => {}
  const room = roomOf(new Promise((resolve) => (allow = resolve)))
  const reservation = reservationFrom(room)
  const growing = reservation.grow(BLOCK)
  reservation[Symbol.dispose]()
  allow()
  await growing
  equal(reservation.bytes, 0)
  equal(room.taken, 0)
})

test.run()
