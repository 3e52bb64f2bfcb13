import { equal, rejects } from 'node:assert/strict'
import { existsSync, mkdtempSync, readFileSync, rmSync, truncateSync } from 'node:fs'
import { tmpdir, totalmem } from 'node:os'
import { join } from 'node:path'
import { suite } from 'uvu'
import { Filler } from './filler.js'

const PIECE = 8 << 20

const test = suite<{ directory: string }>('Filler')

test.before.each((context) => {
  context.directory = mkdtempSync(join(tmpdir(), 'gorego-filler-'))
})
test.after.each(({ directory }) => rmSync(directory, { recursive: true }))

test('reads until so little is free, from where it stopped the last time', async ({ directory }) => {
  let free = 6 * PIECE
  // As if each look had found a piece less: the first is before anything is written.
  const freeBytes = () => {
    const before = free
    free -= PIECE
    return before
  }
  // Three pieces, of which the last is a short one.
  const bytes = 2 * PIECE + 1000
  const filler = await Filler.in(directory, { bytes, leftFreeBytes: 4 * PIECE, freeBytes })
  try {
    equal(readFileSync(join(directory, 'filler')).length, bytes)
    equal(await filler.fill(), PIECE)
    free = 6 * PIECE
    equal(await filler.fill(), PIECE + 1000, 'the second piece and the short one')
    free = 4 * PIECE
    equal(await filler.fill(), 0)
  } finally {
    await filler.close()
  }
})

test('reads the file once where that does not fill the memory', async ({ directory }) => {
  const filler = await Filler.in(directory, { bytes: PIECE + 1, leftFreeBytes: 0, freeBytes: () => 1 })
  try {
    equal(await filler.fill(), PIECE + 1)
    truncateSync(join(directory, 'filler'))
    await rejects(filler.fill(), /has become shorter/)
  } finally {
    await filler.close()
  }
})

test('is refused where there is no room, and in memory', async ({ directory }) => {
  await rejects(Filler.in(directory, { bytes: 1e18, leftFreeBytes: 0 }), /has no room for a filler of 1000000000 GB/)
  if (existsSync('/dev/shm'))
    await rejects(Filler.in('/dev/shm', { bytes: 1, leftFreeBytes: 0 }), /is in memory itself/)
})

if (process.platform === 'linux') {
  test('asks the kernel how much is free', async ({ directory }) => {
    // All of a machine's memory is never free, and some of it is.
    for (const [leftFreeBytes, read] of [
      [totalmem(), 0],
      [100_000, 1000],
    ] as const) {
      const where = mkdtempSync(join(directory, 'filler-'))
      const filler = await Filler.in(where, { bytes: 1000, leftFreeBytes })
      try {
        equal(await filler.fill(), read)
      } finally {
        await filler.close()
      }
    }
  })
}

test.run()
