import { reapi } from '@gorego/core'
import { blobOf, type TestBlob } from '@gorego/core/testing'
import * as assert from 'uvu/assert'
import {
  digestMessage,
  directoryNode,
  failure,
  fileNode,
  getResult,
  isCode,
  outputDirectory,
  outputFile,
  resultOf,
  store,
  storedAction,
  updateResult,
} from '../client/index.js'
import { Cases } from '../suite/case.js'
import type { Tester } from '../suite/tester.js'

export const completeness = new Cases()
const { test } = completeness

/** With each of the blobs missing in turn, a result that needs them all is a miss; once all are there, it is a hit. */
async function needsEach(t: Tester, result: reapi.ActionResult, blobs: readonly TestBlob[]): Promise<void> {
  const key = (await storedAction(t.client, t.unique('needs each'))).digest
  for (const [n, blob] of blobs.entries()) {
    const answer = await updateResult(t.client, key, result).then(
      () => failure(getResult(t.client, key)),
      // A server that looks at the blobs when a result is stored has refused it.
      async (error) => await failure(Promise.reject(error)),
    )
    isCode(answer, ['NOT_FOUND', 'FAILED_PRECONDITION', 'INVALID_ARGUMENT'], `without blob ${n}`)
    await store(t.client, blob)
  }
  await updateResult(t.client, key, result)
  assert.ok(await getResult(t.client, key))
}

test('AC-02, CL-09: a result is a miss until all of its files are there', async (t) => {
  const blobs = [t.blob('one'), t.blob('two'), t.blob('three')]
  await needsEach(t, resultOf(...blobs.map((blob, n) => outputFile(`dir/${n}`, blob))), blobs)
})

test('AC-02: and its stdout and stderr', async (t) => {
  const [out, err] = [t.blob('out'), t.blob('err')]
  const result = new reapi.ActionResult()
    .setStdoutDigest(digestMessage(out.digest))
    .setStderrDigest(digestMessage(err.digest))
  await needsEach(t, result, [out, err])
})

test('AC-02, CL-09: and its Trees, with every file in them', async (t) => {
  const [inRoot, inChild] = [t.blob('in the root'), t.blob('in a child')]
  const child = new reapi.Directory().setFilesList([fileNode('f', inChild.digest)])
  const childDigest = blobOf(child.serializeBinary()).digest
  const root = new reapi.Directory()
    .setFilesList([fileNode('f', inRoot.digest)])
    .setDirectoriesList([directoryNode('d', childDigest)])
  const tree = blobOf(new reapi.Tree().setRoot(root).setChildrenList([child]).serializeBinary())
  const result = new reapi.ActionResult().setOutputDirectoriesList([outputDirectory('d', tree.digest)])
  await needsEach(t, result, [tree, inRoot, inChild])
})

test('AC-02: and the Directories below a root_directory_digest', async (t) => {
  const file = t.blob('in a directory')
  const child = blobOf(new reapi.Directory().setFilesList([fileNode('f', file.digest)]).serializeBinary())
  const root = blobOf(new reapi.Directory().setDirectoriesList([directoryNode('d', child.digest)]).serializeBinary())
  const directory = new reapi.OutputDirectory().setPath('d').setRootDirectoryDigest(digestMessage(root.digest))
  await needsEach(t, new reapi.ActionResult().setOutputDirectoriesList([directory]), [root, child, file])
})

test('AC-02: nothing is amiss with empty files, which nobody stores', async (t) => {
  const key = (await storedAction(t.client, t.unique())).digest
  const empty = blobOf('')
  const tree = blobOf(
    new reapi.Tree().setRoot(new reapi.Directory().setFilesList([fileNode('f', empty.digest)])).serializeBinary(),
  )
  await store(t.client, tree)
  const result = resultOf(outputFile('e', empty)).setOutputDirectoriesList([outputDirectory('d', tree.digest)])
  await updateResult(t.client, key, result.setStdoutDigest(digestMessage(empty.digest)))
  assert.is((await getResult(t.client, key)).getOutputFilesList().length, 1)
})
