import { reapi } from '@gorego/core'
import * as assert from 'uvu/assert'
import { execute, lastOf, uploadAction } from '../client/actions.js'
import { isCode } from '../client/codes.js'
import { endingOf, stdoutOf } from '../client/results.js'
import { Cases } from '../suite/case.js'
import type { Tester } from '../suite/tester.js'

export const command = new Cases((t) => t.needsExecution())
const { test } = command

const PATH = ['PATH', '/usr/bin:/bin'] as const
const { OK } = reapi.RpcCode

/** A script that says where it is from. */
const tool = (says: string) => ({ content: `#!/bin/sh\necho ${says} "$@"\n`, executable: true })

async function says(t: Tester, messages: Parameters<Tester['action']>[0]): Promise<string> {
  const seen = await t.run(t.action(messages))
  assert.is(seen.code, OK, seen.response.getStatus()?.getMessage())
  return await stdoutOf(t.client, seen)
}

test('CM-01: a program by its absolute path', async (t) => {
  assert.is(await says(t, { argv: ['/bin/echo', 'absolute'] }), 'absolute\n')
})

test('CM-01: a path with a slash counts from the working directory', async (t) => {
  const inputs = { tools: { directory: { tool: tool('above') } }, w: { directory: { tool: tool('here') } } }
  const env = [PATH]
  assert.is(await says(t, { argv: ['../tools/tool', 'x'], inputs, env, workingDirectory: 'w' }), 'above x\n')
  assert.is(await says(t, { argv: ['./tool', 'y'], inputs, env, workingDirectory: 'w' }), 'here y\n')
  assert.is(await says(t, { argv: ['tools/tool'], inputs, env }), 'above\n')
})

test('CM-01: a bare name is looked up in the PATH', async (t) => {
  assert.is(await says(t, { argv: ['echo', 'found'], env: [PATH] }), 'found\n')
})

test(
  'CM-01: the PATH of the Command wins, and may lead into the inputs',
  async (t) => {
    const inputs = { w: { directory: { bin: { directory: { tool: tool('first'), echo: tool('mine') } } } } }
    const at = { inputs, workingDirectory: 'w' }
    assert.is(await says(t, { ...at, argv: ['tool'], env: [['PATH', '/nowhere:bin:/usr/bin:/bin']] }), 'first\n')
    assert.is(await says(t, { ...at, argv: ['echo'], env: [['PATH', 'bin:/usr/bin:/bin']] }), 'mine\n')
  },
  { level: 'S' },
)

test(
  'CM-01: a bare name is not looked up in the working directory',
  async (t) => {
    const action = t.action({ argv: ['only-here'], inputs: { 'only-here': tool('here') }, env: [PATH] })
    await uploadAction(t.client, action)
    isCode(await endingOf(execute(t.client, action.digest)), 'INVALID_ARGUMENT')
  },
  { level: 'D' },
)

test(
  'CM-01: without a PATH the usual directories are searched',
  async (t) => {
    assert.is(await says(t, { argv: ['echo', 'found'] }), 'found\n')
  },
  { level: 'D' },
)

test('CM-02: arguments arrive byte for byte, and no shell looks at them', async (t) => {
  const args = ['', ' ', '$HOME', '*', '`id`', 'a"b\'c\\', 'new\nline', 'tab\t', 'größer 📦', '-n', '--', '']
  const argv = ['/bin/sh', '-c', 'printf "%s\\0" "$@"', 'sh', ...args]
  assert.equal((await says(t, { argv, env: [PATH] })).split('\0'), [...args, ''])
})

test('CM-03: variables are as the Command says, whatever is in them', async (t) => {
  const env = [
    ['ALPHA', ''],
    ['SPACED', ' a  b\nc'],
    ['UTF', 'größer 📦'],
    ['__proto__', 'a variable like any other'],
  ] as const
  const shown = (await says(t, { argv: ['/usr/bin/env', '-0'], env })).split('\0')
  for (const [name, value] of env) assert.ok(shown.includes(`${name}=${value}`), name)
})

test('CM-03: they override what a worker has by default', async (t) => {
  const env = ['PATH', 'HOME', 'LANG', 'TMPDIR', 'USER', 'SHELL', 'PWD', 'LD_LIBRARY_PATH'].map(
    (name) => [name, '/mine'] as const,
  )
  const shown = (await says(t, { argv: ['/usr/bin/env', '-0'], env })).split('\0')
  for (const [name, value] of env) assert.ok(shown.includes(`${name}=${value}`), name)
})

test('CM-03, FT-07: nothing of the server’s environment is there, nor in its process', async (t) => {
  t.own
  const secrets = Object.entries(process.env).filter(([name, value = '']) => name !== 'PATH' && value.length > 3)
  assert.ok(secrets.length > 0, 'there is something to look for')
  const shown = await says(t, { argv: ['/usr/bin/env', '-0'] })
  const ofParent = await says(t, { argv: ['/bin/sh', '-c', 'cat /proc/$PPID/environ'], env: [PATH] })
  const seen = new Set([...shown.split('\0'), ...ofParent.split('\0')])
  for (const [name, value] of secrets) assert.not(seen.has(`${name}=${value}`), name)
})

test(
  'CM-03: there are no variables but those of the Command',
  async (t) => {
    assert.is(await says(t, { argv: ['/usr/bin/env'] }), '')
    assert.is(await says(t, { argv: ['/usr/bin/env'], env: [['ONLY', 'one']] }), 'ONLY=one\n')
  },
  { level: 'D' },
)

test(
  'CM-04: variables may come unsorted; of one that is set twice the last counts',
  async (t) => {
    const env = [
      ['B', '1'],
      ['A', '1'],
      ['B', '2'],
    ] as const
    assert.equal((await says(t, { argv: ['/usr/bin/env'], env })).trim().split('\n').sort(), ['A=1', 'B=2'])
  },
  { level: 'D' },
)

test(
  'CM-04: a strict server refuses unsorted variables',
  async (t) => {
    const server = await t.ownServer({ 'execution.strict': true })
    const client = t.connect(server)
    const sorted = [
      ['A', '1'],
      ['B', '1'],
    ] as const
    for (const [env, code] of [
      [sorted, 'OK'],
      [[...sorted].reverse(), 'INVALID_ARGUMENT'],
    ] as const) {
      const action = t.action({ argv: ['/usr/bin/env'], env })
      await uploadAction(client, action)
      isCode(await endingOf(execute(client, action.digest)), code)
    }
  },
  { level: 'D' },
)

test('CM-13, FT-06: programs run right after they were staged, many at a time', async (t) => {
  const actions = Array.from({ length: 24 }, (_, n) => {
    const inputs = { bin: { directory: { script: tool(t.unique(`${n}`)) } } }
    return t.action({ argv: ['bin/script', String(n)], inputs, env: [PATH], salt: t.unique(`${n}`) })
  })
  await Promise.all(actions.map((action) => uploadAction(t.client, action)))
  const ends = await Promise.all(actions.map((action) => lastOf(execute(t.client, action.digest))))
  for (const [n, end] of ends.entries()) {
    assert.is(end.code, OK, end.response.getStatus()?.getMessage())
    assert.is(await stdoutOf(t.client, end), `${t.unique(`${n}`)} ${n}\n`)
  }
})

test(
  'CM-02: standard input is empty',
  async (t) => {
    assert.is(await says(t, { argv: ['/bin/cat'] }), '')
  },
  { level: 'D' },
)
