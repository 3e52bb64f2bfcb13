/** The tests of whatever reads a message off the wire: it reads what google-protobuf reads. */
import { GoregoError } from '@gorego/core'
import * as fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { garbled } from './garbled-messages.js'

export interface Readers {
  /** What our reader says of a message, as plain data. Messages are refused with `invalid-argument`. */
  readonly ours: (bytes: Uint8Array) => unknown
  /** The same of google-protobuf. */
  readonly theirs: (bytes: Uint8Array) => unknown
}

/** `messages`: most of them good ones. */
export function readsAsProtobuf(name: string, messages: fc.Arbitrary<Buffer>, readers: Readers): void {
  const ours = (bytes: Uint8Array) => accepted(() => readers.ours(bytes))
  const theirs = (bytes: Uint8Array) => accepted(() => readers.theirs(bytes))

  test(`a request of ${name} says what google-protobuf reads, or is refused by both`, () => {
    let taken = 0
    void fc.assert(
      fc.property(messages, (bytes) => {
        const content = theirs(bytes)
        assert.equal(ours(bytes), content)
        if (content !== undefined) taken++
      }),
      { numRuns: 500 },
    )
    assert.ok(taken > 250, `only ${taken} of 500 were taken`)
  })

  test(`requests of ${name} one behind the other are one, of which the last single fields count`, () => {
    void fc.assert(
      fc.property(messages, messages, (one, other) => {
        const both = Buffer.concat([one, other])
        assert.equal(ours(both), theirs(both))
      }),
    )
  })

  test(`GEN-01: a garbled request of ${name} is refused, or says what google-protobuf reads`, () => {
    let taken = 0
    void fc.assert(
      fc.property(garbled(messages), (bytes) => {
        const content = ours(bytes)
        if (content === undefined) return
        taken++
        assert.equal(content, theirs(bytes))
      }),
      { numRuns: 2000 },
    )
    assert.ok(taken > 100, `only ${taken} of 2,000 were taken`)
  })
}

/** Undefined for what is refused as the client's fault. */
function accepted<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch (error) {
    if (error instanceof GoregoError && error.code === 'invalid-argument') return undefined
    throw error
  }
}
