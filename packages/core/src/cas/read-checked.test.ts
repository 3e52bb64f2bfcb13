import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { blobOf } from '../testing/blobs.js'
import { readChecked } from './read-checked.js'

const { digest } = blobOf('content')

async function read(...sent: string[]): Promise<string> {
  const cas = {
    async *read() {
      yield* sent.map((text) => Buffer.from(text))
    },
  }
  const chunks: Uint8Array[] = []
  for await (const chunk of readChecked(cas, digest)) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}

test('what is right comes as it is', async () => {
  assert.is(await read('con', 'tent'), 'content')
})

test('what is something else, too short or too long is refused', async () => {
  for (const sent of [['contend'], ['con', 'ten'], ['content', '!'], []]) {
    const error = await read(...sent).catch((reason) => reason)
    assert.is(error.code, 'internal', sent.join())
    assert.match(error.message, `what came as blob ${digest} is something else`)
  }
})

test.run()
