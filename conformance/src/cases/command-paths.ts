import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { reapi } from '@gorego/core'
import * as assert from 'uvu/assert'
import { execute, uploadAction } from '../client/actions.js'
import { isCode } from '../client/codes.js'
import { endingOf, filesOf, listed, stdoutOf } from '../client/results.js'
import { pathsIn, treeOf } from '../client/trees.js'
import { Cases } from '../suite/case.js'

export const commandPaths = new Cases((t) => t.needsExecution())
const { test } = commandPaths

const { OK } = reapi.RpcCode

test('CM-05, OR-02: outputs are found from the working directory, and named as they were asked for', async (t) => {
  const inputs = { w: { directory: { sub: { directory: {} } } }, sub: { directory: { out: 'not this one' } } }
  const seen = await t.run('echo below > sub/out; echo top > top', {
    inputs,
    workingDirectory: 'w',
    outputPaths: ['sub/out', 'top'],
  })
  assert.equal(await filesOf(t.client, seen), { 'sub/out': 'below\n', top: 'top\n' })
})

test('CM-05: an empty output_directories entry is the whole working directory', async (t) => {
  const seen = await t.run('echo x > made', {
    workingDirectory: 'w',
    inputs: { w: { directory: { input: 'in' } }, outside: '' },
    outputDirectories: [''],
  })
  const [directory] = seen.result.getOutputDirectoriesList()
  assert.is(directory?.getPath(), '')
  assert.equal(pathsIn(await treeOf(t.client, directory)), ['input', 'made'])
})

test(
  'CM-05: so it is in output_paths',
  async (t) => {
    const seen = await t.run('echo x > made', { outputPaths: [''] })
    assert.equal(pathsIn(await treeOf(t.client, seen.result.getOutputDirectoriesList()[0])), ['made'])
  },
  { level: 'D' },
)

test(
  'CM-05: an output may climb out of the working directory, not out of the root',
  async (t) => {
    const seen = await t.run('echo x > ../side', {
      workingDirectory: 'w',
      inputs: { w: { directory: {} } },
      outputPaths: ['../side'],
    })
    assert.equal(listed(seen), { files: ['../side'] })
  },
  { level: 'D' },
)

test('CM-06: output_paths make the older lists count for nothing', async (t) => {
  const seen = await t.run('touch a b; mkdir c', {
    outputPaths: ['a'],
    outputFiles: ['a', 'b', 'c'],
    outputDirectories: ['c', 'a'],
  })
  assert.is(seen.code, OK)
  assert.equal(listed(seen), { files: ['a'] })
})

test('CM-06: without output_paths the older lists count', async (t) => {
  const seen = await t.run('touch a; mkdir c', { outputFiles: ['a', 'b'], outputDirectories: ['c', 'd'] })
  assert.equal(listed(seen), { files: ['a'], directories: ['c'] })
})

test('CM-07: the directories above outputs are there when the command starts', async (t) => {
  const seen = await t.run('echo 1 > p/q/out; echo 2 > p/r/out', { outputPaths: ['p/q/out', 'p/r/out', 'top'] })
  assert.equal(await filesOf(t.client, seen), { 'p/q/out': '1\n', 'p/r/out': '2\n' })
  const legacy = {
    outputFiles: ['f/out'],
    outputDirectories: ['d/e/out'],
    workingDirectory: 'w',
    inputs: { w: { directory: {} } },
  }
  const older = await t.run('echo 1 > f/out; mkdir d/e/out; echo older', legacy)
  assert.equal(listed(older), { files: ['f/out'], directories: ['d/e/out'] })
})

test('CM-07: the outputs themselves are not', async (t) => {
  const script = 'for each in p/q/out p/r/out top; do test ! -e $each || echo $each is there; done; ls p'
  const seen = await t.run(script, { outputPaths: ['p/q/out', 'p/r/out', 'top'] })
  assert.is(await stdoutOf(t.client, seen), 'q\nr\n')
  const older = await t.run('ls d', { outputDirectories: ['d/out'] })
  assert.equal([older.result.getExitCode(), await stdoutOf(t.client, older)], [0, ''])
})

test('CM-07: an output directory that is in the inputs is there, with what it holds', async (t) => {
  const seen = await t.run('echo new > out/new', {
    inputs: { out: { directory: { old: 'old' } } },
    outputPaths: ['out'],
  })
  assert.equal(pathsIn(await treeOf(t.client, seen.result.getOutputDirectoriesList()[0])), ['new', 'old'])
})

test('CM-08: the command starts in its working directory', async (t) => {
  const seen = await t.run('cat here ../there', {
    inputs: { a: { directory: { b: { directory: { here: '1' } }, there: '2' } } },
    workingDirectory: 'a/b',
  })
  assert.is(await stdoutOf(t.client, seen), '12')
})

test(
  'CM-08: a working directory that is not in the inputs is made',
  async (t) => {
    const seen = await t.run('echo x > out; ls -A ..', { workingDirectory: 'not/there', outputPaths: ['out'] })
    assert.equal([await stdoutOf(t.client, seen), listed(seen)], ['there\n', { files: ['out'] }])
  },
  { level: 'D' },
)

test(
  'CM-08: except by a strict server',
  async (t) => {
    const client = t.connect(await t.ownServer({ 'execution.strict': true }))
    const action = t.shell('true', { workingDirectory: 'not/there' })
    await uploadAction(client, action)
    isCode(await endingOf(execute(client, action.digest)), ['INVALID_ARGUMENT', 'FAILED_PRECONDITION'])
  },
  { level: 'D' },
)

test('CM-09: what nobody asked for is not in the result, nor there for the next action', async (t) => {
  const make = 'echo x > out; echo x > left; mkdir -p d/e; chmod 000 d/e d; ln -s / link; mkfifo fifo'
  const seen = await t.run(make, { outputPaths: ['out'] })
  assert.equal(listed(seen), { files: ['out'] })
  for (let n = 0; n < 4; n++) {
    assert.is(await stdoutOf(t.client, await t.run('ls -A', { salt: t.unique(`${n}`) })), '')
  }
})

test('CM-09: nor does it stay on the worker’s disk', async (t) => {
  const server = await t.ownServer({ 'execution.concurrency': 1 })
  const client = t.connect(server)
  const left = t.shell('pwd; echo x > left')
  await uploadAction(client, left)
  const { seen } = await endingOf(execute(client, left.digest))
  assert.ok(seen)
  const directory = (await stdoutOf(client, seen)).trim()
  const next = t.shell('true', { salt: t.unique('next') })
  await uploadAction(client, next)
  isCode(await endingOf(execute(client, next.digest)), 'OK')
  assert.not(existsSync(join(directory, 'left')))
})
