import { reapi } from '@gorego/core'
import { blobOfSize } from '@gorego/core/testing'
import * as assert from 'uvu/assert'
import { execute, lastOf, missingSubjects, run, uploadAction } from '../client/actions.js'
import { read, upload } from '../client/calls.js'
import { failure } from '../client/raw-client.js'
import { endingOf, listed, stdoutOf } from '../client/results.js'
import { fileNode } from '../client/trees.js'
import { Cases } from '../suite/case.js'
import type { Tester } from '../suite/tester.js'

export const inputs = new Cases((t) => t.needsExecution())
const { test } = inputs

const { OK } = reapi.RpcCode

test('CM-12: the input tree is there as the client described it', async (t) => {
  const script = `
    cat plain.txt; cat 'größer 📦/deep/file.txt'
    for each in plain.txt 'no bytes' tool.sh empty.sh; do test -x "$each" && echo "$each: x" || echo "$each: -"; done
    test -d nothing && ls -A nothing
    readlink up dangling; ls -A; cat through/file.txt; ./tool.sh`
  const seen = await t.run(script, {
    env: [
      ['LC_ALL', 'C'],
      ['PATH', '/usr/bin:/bin'],
    ],
    inputs: {
      'plain.txt': 'text\n',
      'no bytes': '',
      'tool.sh': { content: '#!/bin/sh\necho tool\n', executable: true },
      'empty.sh': { content: '', executable: true },
      'größer 📦': { directory: { deep: { directory: { 'file.txt': 'deep\n' } } } },
      nothing: { directory: {} },
      up: { symlink: '../anywhere/../at all' },
      dangling: { symlink: 'no/such/file' },
      through: { symlink: 'größer 📦/deep' },
    },
  })
  const names = ['dangling', 'empty.sh', 'größer 📦', 'no bytes', 'nothing', 'plain.txt', 'through', 'tool.sh', 'up']
  const expected = [
    'text',
    'deep',
    'plain.txt: -',
    'no bytes: -',
    'tool.sh: x',
    'empty.sh: x',
    '../anywhere/../at all',
    'no/such/file',
    ...names,
    'deep',
    'tool',
    '',
  ]
  assert.equal((await stdoutOf(t.client, seen)).split('\n'), expected)
})

test(
  'CM-12: the command may add to directories of its inputs, and take away',
  async (t) => {
    const seen = await t.run('rm d/f && echo new > d/f && mv d/f e/g && rmdir d', {
      inputs: { d: { directory: { f: 'old' } }, e: { directory: {} } },
      outputPaths: ['e/g'],
    })
    assert.equal([seen.result.getExitCode(), listed(seen)], [0, { files: ['e/g'] }])
  },
  { level: 'C' },
)

const ALTER: Readonly<Record<string, string>> = {
  'overwrites it': 'chmod u+w in; printf altered > in',
  'writes one byte and puts the time back':
    't=$(stat -c %y in); chmod u+w in; printf X | dd of=in conv=notrunc 2>/dev/null; touch -d "$t" in',
  'makes it empty': 'chmod u+w in; : > in',
}

for (const [what, script] of Object.entries(ALTER)) {
  test(`FT-04, CM-12: an action that ${what}: nobody else sees the altered bytes`, async (t) => {
    const file = t.blob('original')
    const altering = t.shell(`${script}; :`, { inputs: { in: file.bytes } })
    await uploadAction(t.client, altering)
    // It may be told to send its input again, or may have had a copy.
    const { code } = await endingOf(execute(t.client, altering.digest))
    assert.ok(['OK', 'FAILED_PRECONDITION'].includes(code), code)
    const bytes = await read(t.client, file.digest).catch(async (error) => {
      assert.is((await failure(Promise.reject(error))).code, 'NOT_FOUND')
      return undefined
    })
    assert.ok(bytes === undefined || bytes.equals(file.bytes), 'altered bytes were served')
    const reading = t.shell('cat in', { inputs: { in: file.bytes } })
    assert.is(await stdoutOf(t.client, await t.run(reading)), Buffer.from(file.bytes).toString())
    // Sent again, also the action that writes runs.
    await uploadAction(t.client, altering)
    assert.is((await lastOf(execute(t.client, altering.digest))).code, OK)
  })
}

test('FT-01, DR-10: one content is executable in one place and not in another', async (t) => {
  const content = `#!/bin/sh\necho ran # ${t.unique()}\n`
  const both = { a: { content, executable: true }, b: content }
  const script = './a; ./b 2>/dev/null || echo refused; test -x b || echo not'
  for (let n = 0; n < 3; n++) {
    const seen = await t.run(script, { inputs: both, salt: t.unique(`${n}`) })
    assert.is(await stdoutOf(t.client, seen), 'ran\nrefused\nnot\n')
  }
})

test('FT-01, DR-10: an input that an action makes executable is not executable for the next', async (t) => {
  const inputs = { in: t.unique('plain') }
  const first = await endingOf(execute(t.client, await sent(t, 'chmod 777 in; :', inputs)))
  assert.ok(['OK', 'FAILED_PRECONDITION'].includes(first.code), first.code)
  assert.is(await stdoutOf(t.client, await t.run('test -x in || echo plain', { inputs })), 'plain\n')
})

test(
  'FT-02: a blob at more places than the file system has links for',
  async (t) => {
    const file = t.blob('everywhere')
    const names = Array.from({ length: 14_000 }, (_, n) => `f${String(n).padStart(5, '0')}`)
    const directory = new reapi.Directory().setFilesList(names.map((name) => fileNode(name, file.digest)))
    const inputs = Object.fromEntries(['a', 'b', 'c', 'd', 'e'].map((name) => [name, { directory }]))
    const action = t.shell('for each in a b c d e; do ls $each | wc -l; cmp $each/f00000 e/f13999; done', {
      inputs: { ...inputs, one: file.bytes },
    })
    const seen = await run(t.client, action)
    assert.is(seen.code, OK, seen.response.getStatus()?.getMessage())
    assert.is((await stdoutOf(t.client, seen)).replaceAll(' ', ''), '14000\n'.repeat(5))
  },
  { slow: true },
)

test('FT-03: inputs that are evicted while actions run are fetched, or reported as missing', async (t) => {
  const client = t.connect(await t.ownServer({ 'local_cache.max_size_gb': 0.008, 'local_cache.grace_seconds': 0 }))
  const crowd = async () => {
    // Not all of it may find room.
    for (let n = 0; n < 30; n++) await upload(client, blobOfSize(1_000_000, t.unique(`${n}`))).catch(() => {})
  }
  const executions = async () => {
    for (let n = 0; n < 20; n++) {
      const file = blobOfSize(200_000, t.unique(`input ${n}`))
      const action = t.shell('cmp a b', { inputs: { a: file.bytes, b: { content: file.bytes, executable: true } } })
      await uploadAction(client, action).catch(() => {})
      const { code, status } = await endingOf(execute(client, action.digest))
      assert.ok(['OK', 'FAILED_PRECONDITION', 'RESOURCE_EXHAUSTED'].includes(code), code)
      if (code === 'FAILED_PRECONDITION') assert.ok(missingSubjects(status).length > 0, status?.getMessage())
    }
  }
  await Promise.all([crowd(), executions()])
})

test('FT-05: a grandchild that keeps the output open holds nobody up', async (t) => {
  const seen = await t.run('(trap "" TERM; sleep 600) & echo started')
  assert.equal([seen.code, await stdoutOf(t.client, seen)], [OK, 'started\n'])
})

async function sent(t: Tester, script: string, inputs: Record<string, string>) {
  const action = t.shell(script, { inputs })
  await uploadAction(t.client, action)
  return action.digest
}
