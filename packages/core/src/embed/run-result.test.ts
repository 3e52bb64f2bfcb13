import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { MemoryStore } from '../cas/index.js'
import { emptyDigest, SHA256 } from '../digest/index.js'
import { GoregoError } from '../errors/index.js'
import { toDigestMessage } from '../proto/digests.js'
import { ActionResult, Any, ExecutedActionMetadata, OutputDirectory, OutputSymlink } from '../proto/messages.js'
import { resourceUsageToAny } from '../proto/resource-usage.js'
import { RunResult } from './run-result.js'

const empty = emptyDigest(SHA256)
const read = (message: ActionResult) => RunResult.read(empty, message.serializeBinary(), false, new MemoryStore())

test('CM-11 an output directory is known by its Tree, its root Directory, or both', async () => {
  const digest = toDigestMessage(empty)
  const directories = [
    new OutputDirectory().setPath('tree').setTreeDigest(digest),
    new OutputDirectory().setPath('root').setRootDirectoryDigest(digest),
    new OutputDirectory().setPath('both').setTreeDigest(digest).setRootDirectoryDigest(digest),
  ]
  const { outputs } = await read(new ActionResult().setOutputDirectoriesList(directories))
  assert.equal(
    [...outputs.values()].map((output) => Object.keys(output)),
    [
      ['kind', 'path', 'tree'],
      ['kind', 'path', 'rootDirectory'],
      ['kind', 'path', 'tree', 'rootDirectory'],
    ],
  )
})

test('one that is known by neither makes the result a bad one', async () => {
  try {
    await read(new ActionResult().setOutputDirectoriesList([new OutputDirectory().setPath('d')]))
  } catch (error) {
    assert.instance(error, GoregoError)
    assert.is((error as GoregoError).code, 'invalid-argument')
    return
  }
  assert.unreachable('accepted')
})

test('OR-04 a link that is in two lists is one output', async () => {
  const link = new OutputSymlink().setPath('l').setTarget('t')
  const { outputs } = await read(new ActionResult().setOutputSymlinksList([link]).setOutputFileSymlinksList([link]))
  assert.equal([...outputs.values()], [{ kind: 'symlink', path: 'l', target: 't' }])
})

test('what the command used is found among whatever else a worker says', async () => {
  const used = { userCpuMs: 1250, systemCpuMs: 10, peakMemoryBytes: 123_456_789 }
  const metadata = new ExecutedActionMetadata().setAuxiliaryMetadataList([
    new Any().setTypeUrl('type.googleapis.com/somebody.Else').setValue(Buffer.from('x')),
    resourceUsageToAny(used),
  ])
  assert.equal((await read(new ActionResult().setExecutionMetadata(metadata))).resources, used)
  assert.is((await read(new ActionResult())).resources, undefined)
})

test.run()
