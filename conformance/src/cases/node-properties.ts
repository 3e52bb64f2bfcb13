import { reapi } from '@gorego/core'
import * as assert from 'uvu/assert'
import { altered, execute, type SentAction, uploadAction } from '../client/actions.js'
import { isCode } from '../client/codes.js'
import { endingOf, stdoutOf } from '../client/results.js'
import { fileNode, treeOf } from '../client/trees.js'
import { Cases } from '../suite/case.js'
import type { Tester } from '../suite/tester.js'

export const nodeProperties = new Cases((t) => t.needsExecution())
const { test } = nodeProperties

const MODIFIED = 1_234_567_890

const supported = (t: Tester) => t.capabilities.getExecutionCapabilities()?.getSupportedNodePropertiesList() ?? []

function needs(t: Tester, name: string): void {
  if (!supported(t).includes(name)) t.notApplicable(`the server does not advertise the node property ${name}`)
}

function asking(t: Tester, names: string[], script: string, outputPaths: string[]): SentAction {
  const built = t.shell(script, { outputPaths })
  return altered(built, { command: (command) => command.setOutputNodePropertiesList(names) })
}

test('CM-10, CP-08: a property that the server does not know is refused', async (t) => {
  if (supported(t).length === 0) t.notApplicable('the server advertises no node properties')
  const action = asking(t, ['no-such-property'], 'echo x > out', ['out'])
  await uploadAction(t.client, action)
  isCode(await endingOf(execute(t.client, action.digest)), 'INVALID_ARGUMENT')
})

test('CM-10, CP-08: those that it advertises are taken', async (t) => {
  if (supported(t).length === 0) t.notApplicable('the server advertises no node properties')
  const action = asking(t, [...supported(t)].sort(), 'echo x > out', ['out'])
  await uploadAction(t.client, action)
  isCode(await endingOf(execute(t.client, action.digest)), 'OK')
})

const MAKE = `mkdir -p tree/d; echo x > file; echo y > tree/d/f; ln -s file link; chmod 640 file; chmod 751 tree/d
  touch -d @${MODIFIED} file tree/d/f tree/d tree; touch -h -d @${MODIFIED} link`
const OUTPUTS = ['file', 'link', 'tree']

test('CM-10: mtime of files, directories and links', async (t) => {
  needs(t, 'mtime')
  const { result } = await t.run(asking(t, ['mtime'], MAKE, OUTPUTS))
  const [file] = result.getOutputFilesList()
  const [link] = result.getOutputSymlinksList()
  const { root, directories } = await treeOf(t.client, result.getOutputDirectoriesList()[0])
  const below = [...directories.values()].find((each) => each.getFilesList().length > 0)
  const nodes = [file, link, root, below, below?.getFilesList()[0]]
  assert.equal(
    nodes.map((node) => node?.getNodeProperties()?.getMtime()?.getSeconds()),
    nodes.map(() => MODIFIED),
  )
})

test('CM-10: unix_mode of files and directories', async (t) => {
  needs(t, 'unix_mode')
  const { result } = await t.run(asking(t, ['unix_mode'], MAKE, OUTPUTS))
  const { directories } = await treeOf(t.client, result.getOutputDirectoriesList()[0])
  const below = [...directories.values()].find((each) => each.getFilesList().length > 0)
  const modes = [result.getOutputFilesList()[0], below].map(
    (node) => (node?.getNodeProperties()?.getUnixMode()?.getValue() ?? 0) & 0o777,
  )
  assert.equal(modes, [0o640, 0o751])
})

test(
  'CM-10: properties that nobody asked for are not there',
  async (t) => {
    const { result } = await t.run(asking(t, [], MAKE, OUTPUTS))
    assert.not(result.getOutputFilesList()[0]?.hasNodeProperties())
    const { root } = await treeOf(t.client, result.getOutputDirectoriesList()[0])
    assert.not(root.hasNodeProperties())
  },
  { level: 'D' },
)

test('CM-10, CM-12: properties of inputs are those of the files that the command finds', async (t) => {
  needs(t, 'mtime')
  needs(t, 'unix_mode')
  const file = t.blob('with properties')
  const properties = new reapi.NodeProperties()
    .setMtime(new reapi.Timestamp().setSeconds(MODIFIED))
    .setUnixMode(new reapi.UInt32Value().setValue(0o640))
  const inputs = new reapi.Directory().setFilesList([
    fileNode('plain', file.digest),
    fileNode('special', file.digest).setNodeProperties(properties),
  ])
  const built = t.shell('stat -c "%a %Y" special; cmp plain special && echo same', { inputs })
  const seen = await t.run({ digest: built.digest, blobs: [...built.blobs, file] })
  assert.is(await stdoutOf(t.client, seen), `640 ${MODIFIED}\nsame\n`)
})
