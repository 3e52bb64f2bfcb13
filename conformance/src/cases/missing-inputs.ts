import { Digest, reapi, SHA256 } from '@gorego/core'
import { type BuiltAction, blobOf } from '@gorego/core/testing'
import * as assert from 'uvu/assert'
import { execute, missingSubjects, uploadAction } from '../client/actions.js'
import { store } from '../client/calls.js'
import { isCode } from '../client/codes.js'
import { endingOf, stdoutOf } from '../client/results.js'
import { fileNode } from '../client/trees.js'
import { Cases } from '../suite/case.js'
import type { Tester } from '../suite/tester.js'

export const missingInputs = new Cases((t) => t.needsExecution())
const { test } = missingInputs

/** Executes an action of which some blobs were not sent, and expects that exactly these are named. */
async function namesWhatIsMissing(t: Tester, action: BuiltAction, missing: readonly Digest[]): Promise<void> {
  await uploadAction(t.client, action, { except: missing })
  const ending = await endingOf(execute(t.client, action.digest))
  isCode(ending, 'FAILED_PRECONDITION')
  assert.equal(missingSubjects(ending.status), missing.map((digest) => `blobs/${digest}`).sort())
}

test('EX-06: a missing input file is named as clients need it to upload it', async (t) => {
  const file = t.blob('file')
  const action = t.shell('cat dir/f', { inputs: { dir: { directory: { f: file.bytes } } } })
  await namesWhatIsMissing(t, action, [file.digest])
})

test('EX-06: so is a missing Command', async (t) => {
  const action = t.shell(`echo ${t.unique()}`)
  await namesWhatIsMissing(t, action, [action.commandDigest])
})

test('EX-06: so are a missing root and a missing Directory below it', async (t) => {
  const [file, other] = [t.blob('file'), t.blob('other')]
  const child = new reapi.Directory().setFilesList([fileNode('f', file.digest)])
  const inputs = { dir: { directory: child }, other: other.bytes, f: file.bytes }
  const action = t.shell('cat dir/f', { inputs })
  await namesWhatIsMissing(t, action, [blobOf(child.serializeBinary()).digest])
  const rootless = t.shell('cat f', { inputs: { f: t.unique('below the root') } })
  await namesWhatIsMissing(t, rootless, [rootless.inputRootDigest])
})

test('EX-06, CL-10: all that is missing is named in one reply, each blob once', async (t) => {
  const [a, b, c] = [t.blob('a'), t.blob('b'), t.blob('c')]
  const inputs = {
    a: a.bytes,
    again: a.bytes,
    b: b.bytes,
    dir: { directory: { c: { content: c.bytes, executable: true }, a: a.bytes } },
  }
  const action = t.shell(`cat a b dir/c # ${t.unique()}`, { inputs })
  await namesWhatIsMissing(t, action, [action.commandDigest, a.digest, c.digest])
})

test('EX-06: once it was sent, the action runs', async (t) => {
  const file = t.blob('sent later')
  const action = t.shell('cat f', { inputs: { f: file.bytes } })
  await namesWhatIsMissing(t, action, [file.digest])
  assert.is(await stdoutOf(t.client, await t.run(action)), t.unique('sent later'))
})

test('EX-07: a missing Action is named like any other blob', async (t) => {
  const action = t.shell('echo nobody sent this')
  await namesWhatIsMissing(t, action, [action.digest])
})

test('EX-06, DIG-02: an input of another size than was stored is missing', async (t) => {
  const { digest, bytes } = t.blob('of another size')
  await store(t.client, { digest, bytes })
  const wrong = Digest.of(SHA256, digest.hash, digest.sizeBytes + 1)
  const inputs = new reapi.Directory().setFilesList([fileNode('f', wrong)])
  await namesWhatIsMissing(t, t.shell('cat f', { inputs }), [wrong])
})
