import { reapi } from '@gorego/core'
import { blobOf } from '@gorego/core/testing'
import { altered, execute, type SentAction, uploadAction } from '../client/actions.js'
import { digestMessage, store } from '../client/calls.js'
import { isCode } from '../client/codes.js'
import { endingOf } from '../client/results.js'
import { Cases } from '../suite/case.js'
import type { Tester } from '../suite/tester.js'

export const badActions = new Cases((t) => t.needsExecution())
const { test } = badActions

const DAY_SECONDS = 86_400

async function refused(t: Tester, action: SentAction, what: string): Promise<void> {
  await uploadAction(t.client, action)
  isCode(await endingOf(execute(t.client, action.digest)), 'INVALID_ARGUMENT', what)
}

test('EX-08: a blob that is no Action', async (t) => {
  const nonsense = blobOf(Buffer.concat([Buffer.from([0xff]), t.blob('no action').bytes]))
  await refused(t, { digest: nonsense.digest, blobs: [nonsense] }, 'nonsense')
})

test('EX-08: an Action without a Command, or without an input root', async (t) => {
  const built = t.shell('true')
  await refused(t, altered(built, { action: (action) => action.clearCommandDigest() }), 'no command_digest')
  await refused(t, altered(built, { action: (action) => action.clearInputRootDigest() }), 'no input_root_digest')
})

test('EX-08: digests in an Action that are none', async (t) => {
  const bad = new reapi.Digest().setHash('abc').setSizeBytes(3)
  const built = t.shell('true')
  await refused(t, altered(built, { action: (action) => action.setCommandDigest(bad) }), 'command_digest')
  await refused(t, altered(built, { action: (action) => action.setInputRootDigest(bad) }), 'input_root_digest')
})

test('EX-08: a Command, or an input root, that is no such message', async (t) => {
  const nonsense = blobOf(Buffer.concat([Buffer.from([0xff]), t.blob('no message').bytes]))
  await store(t.client, nonsense)
  const digest = digestMessage(nonsense.digest)
  const built = t.shell('true')
  await refused(t, altered(built, { action: (action) => action.setCommandDigest(digest) }), 'Command')
  await refused(t, altered(built, { action: (action) => action.setInputRootDigest(digest) }), 'input root')
})

test('EX-08: a Command without arguments, or with an empty first one', async (t) => {
  await refused(t, t.action({ argv: [] }), 'no arguments')
  await refused(t, t.action({ argv: ['', 'x'] }), 'an empty program')
})

test(
  'EX-08: a program that is not there, or none',
  async (t) => {
    const inputs = { plain: '#!/bin/sh\n', lost: { content: '#!/no/such/interpreter\n', executable: true } }
    for (const program of ['/no/such/program', 'no-such-program-anywhere', './plain', './lost', './plain/x']) {
      await refused(t, t.action({ argv: [program], inputs, env: [['PATH', '/usr/bin:/bin']] }), program)
    }
  },
  { level: 'D' },
)

test(
  'EX-08: arguments that no system would pass on',
  async (t) => {
    await refused(t, t.action({ argv: ['/bin/echo', 'a\0b'] }), 'NUL')
    await refused(t, t.action({ argv: ['/bin/echo', ...Array(40).fill('x'.repeat(100_000))] }), 'too large')
  },
  { level: 'D' },
)

test('EX-08, CM-05, FT-08: output paths that lead out of the input root, or are spelt wrongly', async (t) => {
  for (const path of ['/tmp/x', '..', '../x', 'a/../../x', 'a/', '/']) {
    await refused(t, t.shell('true', { outputPaths: [path] }), path)
    await refused(t, t.shell('true', { outputFiles: [path] }), path)
    await refused(t, t.shell('true', { outputDirectories: [path] }), path)
  }
})

test(
  'CM-05: empty segments and NUL in paths',
  async (t) => {
    for (const path of ['a//b', 'a\0b']) {
      await refused(t, t.shell('true', { outputPaths: [path] }), JSON.stringify(path))
      await refused(t, t.shell('true', { workingDirectory: path }), JSON.stringify(path))
    }
  },
  { level: 'D' },
)

test('CM-08, FT-08: working directories that lead out of the input root', async (t) => {
  for (const workingDirectory of ['/tmp', '..', 'a/../..']) {
    await refused(t, t.shell('true', { workingDirectory }), workingDirectory)
  }
})

test('CM-08: a working directory that is a file', async (t) => {
  await refused(t, t.shell('true', { workingDirectory: 'f', inputs: { f: '' } }), 'a file')
})

test(
  'FT-08, CM-05: input links do not lead the working directory or an output out of the input root',
  async (t) => {
    const inputs = { out: { symlink: '/tmp' }, up: { symlink: '../..' }, loop: { symlink: 'loop' } }
    for (const name of ['out', 'up', 'loop']) {
      await refused(t, t.shell('true', { inputs, workingDirectory: name }), name)
      await refused(t, t.shell('true', { inputs, outputPaths: [`${name}/x`] }), name)
      await refused(t, t.shell('true', { inputs, outputPaths: [`${name}/x/y`] }), name)
    }
  },
  { level: 'D' },
)

test(
  'AN-01: a timeout above every maximum',
  async (t) => {
    await refused(t, withTimeout(t, 10_000 * DAY_SECONDS), 'seven years')
  },
  { level: 'D' },
)

test('AN-04: a timeout that is negative, or no valid duration', async (t) => {
  await refused(t, withTimeout(t, -1), 'negative')
  await refused(t, withTimeout(t, 0, -1), 'negative nanos')
  await refused(t, withTimeout(t, 1, 2_000_000_000), 'nanos of two seconds')
  await refused(t, withTimeout(t, 1, -1), 'two signs')
  await refused(t, withTimeout(t, Number.MAX_SAFE_INTEGER), 'more than 10,000 years')
})

test(
  'EX-08: variables that cannot be',
  async (t) => {
    for (const [name, value] of [
      ['', 'x'],
      ['A=B', 'x'],
      ['A\0', 'x'],
      ['A', 'x\0'],
    ] as const) {
      await refused(t, t.shell('true', { env: [[name, value]] }), JSON.stringify([name, value]))
    }
  },
  { level: 'D' },
)

function withTimeout(t: Tester, seconds: number, nanos = 0): SentAction {
  const timeout = new reapi.Duration().setSeconds(seconds).setNanos(nanos)
  return altered(t.shell('true'), { action: (action) => action.setTimeout(timeout) })
}
