import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { GoregoError } from '../errors/index.js'
import { decode } from './decode.js'
import { Command, Directory } from './messages.js'

function refusal(bytes: Uint8Array): string {
  try {
    decode(Directory, bytes, 'the input directory')
  } catch (error) {
    if (error instanceof GoregoError) return `${error.code}: ${error.message}`
  }
  return 'accepted'
}

const REFUSED = 'invalid-argument: the input directory is not the protobuf message that it should be'

test('EX-08: text, cut-off messages and bad UTF-8 are no messages, whatever they begin with', () => {
  for (const text of ['this is no message', '|', 't', 'no', '\x0a\x05abc', '\x0a\x03\x0a\x01\xff']) {
    assert.ok(refusal(Buffer.from(text, 'latin1')).startsWith(REFUSED), JSON.stringify(text))
  }
})

test('a message is read, an empty one and one with unknown fields as well', () => {
  const command = new Command().setArgumentsList(['a', ''])
  assert.equal(decode(Command, command.serializeBinary(), 'it').getArgumentsList(), ['a', ''])
  assert.equal(decode(Command, new Uint8Array(0), 'it').getArgumentsList(), [])
  // Field 1000, as a varint, a fixed64, bytes and a fixed32.
  for (const field of ['c03e01', 'c13e0102030405060708', 'c23e0100', 'c53e01020304']) {
    assert.equal(decode(Command, Buffer.from(field, 'hex'), 'it').getArgumentsList(), [])
  }
})

test('a message with too many fields is refused, inside the message too; the next one is read as ever', () => {
  const arg = (n: number) => new Command().setArgumentsList(Array.from({ length: n }, () => '')).serializeBinary()
  assert.is(decode(Command, arg(10), 'it', 10).getArgumentsList().length, 10)
  assert.throws(() => decode(Command, arg(11), 'it', 10), /it is not .*: it has more than the 10 fields/)
  // One field of two with two each, and so on: 2 + 2 * 2.
  const variables = [1, 2].map((n) => new Command.EnvironmentVariable().setName(`${n}`).setValue('x'))
  const nested = new Command().setEnvironmentVariablesList(variables).serializeBinary()
  assert.is(decode(Command, nested, 'it', 6).getEnvironmentVariablesList().length, 2)
  assert.throws(() => decode(Command, nested, 'it', 5), /more than the 5 fields/)
  assert.is(decode(Command, arg(1000), 'it').getArgumentsList().length, 1000)
})

test.run()
