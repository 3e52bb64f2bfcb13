import { reapi } from '@gorego/core'
import { blobOf } from '@gorego/core/testing'
import * as assert from 'uvu/assert'
import { altered, execute, uploadAction } from '../client/actions.js'
import { digestMessage, store } from '../client/calls.js'
import { isCode } from '../client/codes.js'
import type { RawClient } from '../client/raw-client.js'
import { endingOf, stdoutOf } from '../client/results.js'
import { directoryNode, fileNode, symlinkNode } from '../client/trees.js'
import { Cases } from '../suite/case.js'
import type { Tester } from '../suite/tester.js'

export const directories = new Cases((t) => t.needsExecution())
const { test } = directories

const empty = blobOf('')
const file = (name: string) => fileNode(name, empty.digest)
const child = (name: string) => directoryNode(name, blobOf(new reapi.Directory().serializeBinary()).digest)
const link = (name: string, target = 'x') => symlinkNode(name, target)
const unsorted = () => new reapi.Directory().setFilesList([file('b'), file('a')])

async function endsAs(
  t: Tester,
  code: string,
  inputs: reapi.Directory,
  about = '',
  client: RawClient = t.client,
): Promise<void> {
  const action = t.shell('true', { inputs })
  await store(client, empty, blobOf(new reapi.Directory().serializeBinary()))
  await uploadAction(client, action)
  isCode(await endingOf(execute(client, action.digest)), code, about)
}

const refused = (t: Tester, inputs: reapi.Directory, about = '') => endsAs(t, 'INVALID_ARGUMENT', inputs, about)

test('DR-01, FT-08: names that are no plain names are refused, of whatever kind', async (t) => {
  for (const name of ['', '.', '..', 'a/b', '/', '/etc', '../x', 'a\0b', 'x/']) {
    const about = JSON.stringify(name)
    await refused(t, new reapi.Directory().setFilesList([file(name)]), `file ${about}`)
    await refused(t, new reapi.Directory().setDirectoriesList([child(name)]), `directory ${about}`)
    await refused(t, new reapi.Directory().setSymlinksList([link(name)]), `symlink ${about}`)
  }
})

test('DR-01, FT-08: also further down', async (t) => {
  const below = blobOf(new reapi.Directory().setFilesList([file('..')]).serializeBinary())
  await store(t.client, below)
  await refused(t, new reapi.Directory().setDirectoriesList([directoryNode('d', below.digest)]))
})

test('DR-02: no name comes twice, not even as different kinds', async (t) => {
  const twice = () => new reapi.Directory().setFilesList([file('x')])
  await refused(t, new reapi.Directory().setFilesList([file('x'), file('x')]), 'two files')
  await refused(t, twice().setDirectoriesList([child('x')]), 'a file and a directory')
  await refused(t, twice().setSymlinksList([link('x')]), 'a file and a link')
  await refused(
    t,
    new reapi.Directory().setDirectoriesList([child('x')]).setSymlinksList([link('x', '/tmp')]),
    'a directory and a link',
  )
})

test('DR-01: nodes without a digest, and links without a target', async (t) => {
  await refused(t, new reapi.Directory().setFilesList([new reapi.FileNode().setName('x')]), 'file')
  await refused(t, new reapi.Directory().setDirectoriesList([new reapi.DirectoryNode().setName('x')]), 'directory')
  await refused(t, new reapi.Directory().setSymlinksList([link('x', '')]), 'link')
  const bad = digestMessage(empty.digest).setHash('ABC')
  await refused(t, new reapi.Directory().setFilesList([file('x').setDigest(bad)]), 'no hash')
})

test(
  'DR-03: lists that are not sorted are taken',
  async (t) => {
    await endsAs(t, 'OK', unsorted())
  },
  { level: 'D' },
)

test(
  'DR-03, DR-04, PL-05: a strict server refuses what is not sorted',
  async (t) => {
    const client = t.connect(await t.ownServer({ 'execution.strict': true }))
    const property = (name: string) => new reapi.NodeProperty().setName(name).setValue('x')
    const properties = new reapi.NodeProperties().setPropertiesList([property('b'), property('a')])
    await endsAs(t, 'OK', new reapi.Directory().setFilesList([file('a'), file('b')]), 'sorted', client)
    await endsAs(t, 'INVALID_ARGUMENT', unsorted(), 'files', client)
    const nodes = new reapi.Directory().setFilesList([file('a').setNodeProperties(properties)])
    await endsAs(t, 'INVALID_ARGUMENT', nodes, 'properties', client)
    const asked = ['container-image', 'Pool'].map((name) => new reapi.Platform.Property().setName(name).setValue('x'))
    for (const [list, code] of [
      [asked, 'INVALID_ARGUMENT'],
      [[...asked].reverse(), 'OK'],
    ] as const) {
      const platform = new reapi.Platform().setPropertiesList([...list])
      const action = altered(t.shell('true'), { action: (each) => each.setPlatform(platform) })
      await uploadAction(client, action)
      isCode(await endingOf(execute(client, action.digest)), code, 'platform properties')
    }
  },
  { level: 'D' },
)

test('DR-04: properties of a node that are not sorted are taken, or refused as a client’s fault', async (t) => {
  const property = (name: string) => new reapi.NodeProperty().setName(name).setValue('x')
  const properties = new reapi.NodeProperties().setPropertiesList([property('b'), property('a')])
  const action = t.shell('true', {
    inputs: new reapi.Directory().setFilesList([file('a').setNodeProperties(properties)]),
  })
  await uploadAction(t.client, action)
  isCode(await endingOf(execute(t.client, action.digest)), ['OK', 'INVALID_ARGUMENT'])
})

test('DR-05: names that differ in case are two names', async (t) => {
  const seen = await t.run('cat foo Foo', { inputs: { Foo: 'large', foo: 'small' } })
  assert.is(await stdoutOf(t.client, seen), 'smalllarge')
})

test('DR-07: an absolute link is an input where the server says that it may be', async (t) => {
  const { ALLOWED, DISALLOWED } = reapi.SymlinkAbsolutePathStrategy.Value
  const strategy = t.capabilities.getCacheCapabilities()?.getSymlinkAbsolutePathStrategy()
  const inputs = new reapi.Directory().setSymlinksList([link('sh', '/bin/sh')])
  if (strategy === ALLOWED) await endsAs(t, 'OK', inputs)
  else if (strategy === DISALLOWED) await refused(t, inputs)
  else t.notApplicable('the server does not say what it makes of absolute links')
})

test('DR-07, CP-05: a server that disallows absolute links refuses them, in inputs and in outputs', async (t) => {
  const server = await t.ownServer({ 'execution.absolute_symlinks': 'disallowed' })
  const { DISALLOWED } = reapi.SymlinkAbsolutePathStrategy.Value
  const strategy = (await t.capabilitiesOf(server)).getCacheCapabilities()?.getSymlinkAbsolutePathStrategy()
  assert.is(strategy, DISALLOWED)
  const client = t.connect(server)
  await endsAs(t, 'INVALID_ARGUMENT', new reapi.Directory().setSymlinksList([link('sh', '/bin/sh')]), 'input', client)
  await endsAs(t, 'OK', new reapi.Directory().setSymlinksList([link('up', '../x')]), 'relative', client)
  for (const [script, code] of [
    ['ln -s /etc/passwd out', 'FAILED_PRECONDITION'],
    ['mkdir out; ln -s /etc/passwd out/l', 'FAILED_PRECONDITION'],
    ['mkdir out; ln -s ../x out/l', 'OK'],
  ] as const) {
    const action = t.shell(script, { outputPaths: ['out'] })
    await uploadAction(client, action)
    isCode(await endingOf(execute(client, action.digest)), code, script)
  }
})

test('DR-08, DR-09: targets with dots anywhere, and of links that lead nowhere, come as they are', async (t) => {
  const targets = ['..', '../..', 'a/../b', './x', 'no/such/file', 'd/../../../x']
  const links = Object.fromEntries(targets.map((symlink, n) => [`l${n}`, { symlink }]))
  const seen = await t.run('for n in 0 1 2 3 4 5; do readlink l$n; done', { inputs: links })
  assert.is(await stdoutOf(t.client, seen), targets.map((target) => `${target}\n`).join(''))
})

test(
  'DR-05: names longer than a file system takes are the fault of whoever wrote the action',
  async (t) => {
    await refused(t, new reapi.Directory().setFilesList([file('x'.repeat(300))]))
  },
  { level: 'D' },
)

test(
  'FT-08, DR-01: a tree that stands for more files than there can be is refused',
  async (t) => {
    let digest = blobOf(new reapi.Directory().serializeBinary()).digest
    // 1,000 to the power of four.
    for (let level = 0; level < 4; level++) {
      const nodes = Array.from({ length: 1000 }, (_, n) => directoryNode(String(n).padStart(4, '0'), digest))
      const blob = blobOf(new reapi.Directory().setDirectoriesList(nodes).serializeBinary())
      await store(t.client, blob)
      digest = blob.digest
    }
    await refused(t, new reapi.Directory().setDirectoriesList([directoryNode('bomb', digest)]))
  },
  { level: 'D' },
)
