import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { collectHeap } from './collect-heap.js'

const ADDON = new URL(`../../dist/give-back-${process.platform}-${process.arch}.node`, import.meta.url)
const MB = 1_000_000

/** Small enough that malloc takes them from its heap, not each from the system. */
const BYTES = 20_000

function residentMb(): number {
  return process.memoryUsage.rss() / MB
}

/** 80 MB in pieces, of which every hundredth lives on, so that none of what is free is at the end of the heap. */
function used(): Buffer[] {
  const pieces = Array.from({ length: (80 * MB) / BYTES }, () => Buffer.allocUnsafeSlow(BYTES).fill(1))
  return pieces.filter((_, index) => index % 100 === 99)
}

/** Where there is none of glibc there is nothing to be given back, and where nobody could compile it nobody who does. */
const { header } = process.report.getReport() as { header?: { glibcVersionRuntime?: string } }
const isHere = header?.glibcVersionRuntime !== undefined && existsSync(fileURLToPath(ADDON))
if (!isHere) {
  console.log('SKIP give-back: no glibc, or the addon was not built (no C compiler: apt-get install gcc libc6-dev)')
} else {
  test('a collection gives the system back what is free between what is not', () => {
    const before = residentMb()
    const living = used()
    const full = residentMb()
    assert.ok(full - before > 60, `80 MB of buffers took ${full - before}`)
    collectHeap()
    collectHeap()
    const left = residentMb() - before
    assert.ok(left < 30, `${left} MB more than before`)
    assert.is(living.length, 40)
  })
}

test.run()
