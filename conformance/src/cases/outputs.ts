import { reapi, SHA256 } from '@gorego/core'
import * as assert from 'uvu/assert'
import { execute, type Seen, uploadAction } from '../client/actions.js'
import { findMissing } from '../client/calls.js'
import { isCode } from '../client/codes.js'
import { endingOf, filesOf, listed } from '../client/results.js'
import { Cases } from '../suite/case.js'
import type { Tester } from '../suite/tester.js'

export const outputs = new Cases((t) => t.needsExecution())
const { test } = outputs

const { OK } = reapi.RpcCode

async function endsAs(
  t: Tester,
  code: string | string[],
  script: string,
  messages: Parameters<Tester['shell']>[1],
  about = script,
) {
  const action = t.shell(script, messages)
  await uploadAction(t.client, action)
  isCode(await endingOf(execute(t.client, action.digest)), code, about)
}

const linksOf = (list: readonly reapi.OutputSymlink[]) =>
  list.map((link) => `${link.getPath()} -> ${link.getTarget()}`).sort()

test('OR-01, OR-02: each output that there is appears once, by the path that was asked for; others are left out', async (t) => {
  const seen = await t.run('echo f > f; mkdir -p d/e; ln -s f l; echo g > d/g; echo other > other', {
    outputPaths: ['d/g', 'd', 'f', 'gone/too', 'l', 'missing'],
  })
  assert.is(seen.code, OK)
  assert.equal(listed(seen), { files: ['d/g', 'f'], directories: ['d'], links: ['l -> f'] })
})

test('OR-01: a command that makes none of its outputs has a result without any', async (t) => {
  const seen = await t.run('true', { outputPaths: ['a', 'b/c'] })
  assert.equal([seen.code, listed(seen)], [OK, {}])
})

test(
  'OR-02: one file under two spellings is listed under both',
  async (t) => {
    const seen = await t.run('mkdir -p a; echo x > a/f', { outputPaths: ['a/./f', 'a/f', 'b/../a/f'] })
    assert.equal(listed(seen), { files: ['a/./f', 'a/f', 'b/../a/f'] })
  },
  { level: 'D' },
)

test('OR-03: an output of another kind than the Command says is FAILED_PRECONDITION', async (t) => {
  await endsAs(t, 'FAILED_PRECONDITION', 'mkdir out', { outputFiles: ['out'] })
  await endsAs(t, 'FAILED_PRECONDITION', 'echo x > out', { outputDirectories: ['out'] })
})

const LINKS = 'touch f; mkdir d; ln -s f to-file; ln -s d to-dir; ln -s nowhere dangling; ln -s self self'

test('OR-04, DR-09: links are outputs, and nobody follows them', async (t) => {
  const seen = await t.run(LINKS, { outputPaths: ['dangling', 'self', 'to-dir', 'to-file'] })
  const links = ['dangling -> nowhere', 'self -> self', 'to-dir -> d', 'to-file -> f']
  assert.equal(linksOf(seen.result.getOutputSymlinksList()), links)
  assert.equal(listed(seen), { links })
})

test('OR-04: clients that ask by kind get links in the list of that kind', async (t) => {
  const { result: files } = await t.run(LINKS, { outputFiles: ['to-file'] })
  assert.equal(linksOf(files.getOutputFileSymlinksList()), ['to-file -> f'])
  const { result: directories } = await t.run(LINKS, { outputDirectories: ['to-dir'] })
  assert.equal(linksOf(directories.getOutputDirectorySymlinksList()), ['to-dir -> d'])
})

test(
  'OR-04: by kind, dangling links are there, too',
  async (t) => {
    assert.equal(listed(await t.run(LINKS, { outputFiles: ['dangling', 'self'] })), {
      links: ['dangling -> nowhere', 'self -> self'],
    })
    assert.equal(listed(await t.run(LINKS, { outputDirectories: ['dangling'] })), { links: ['dangling -> nowhere'] })
  },
  { level: 'D' },
)

test('OR-04: a link to something of the other kind is FAILED_PRECONDITION', async (t) => {
  await endsAs(t, 'FAILED_PRECONDITION', LINKS, { outputFiles: ['to-dir'] }, 'a directory for a file')
  await endsAs(t, 'FAILED_PRECONDITION', LINKS, { outputDirectories: ['to-file'] }, 'a file for a directory')
})

test('DR-07, DR-08: where a link leads does not matter, where absolute ones are allowed', async (t) => {
  const strategy = t.capabilities.getCacheCapabilities()?.getSymlinkAbsolutePathStrategy()
  if (strategy !== reapi.SymlinkAbsolutePathStrategy.Value.ALLOWED)
    t.notApplicable('the server does not allow absolute links')
  const seen = await t.run('ln -s ../../../etc/passwd up; ln -s /etc/passwd away', { outputPaths: ['away', 'up'] })
  assert.equal(listed(seen), { links: ['away -> /etc/passwd', 'up -> ../../../etc/passwd'] })
})

test('FT-08: nothing is collected through a link out of the input root', async (t) => {
  for (const script of ['rmdir d; ln -s /etc d', 'rmdir d; ln -s ../../../../../../../etc d']) {
    const action = t.shell(script, { outputPaths: ['d/passwd'] })
    await uploadAction(t.client, action)
    const { code, seen } = await endingOf(execute(t.client, action.digest))
    if (code === 'OK') assert.equal(seen?.result.getOutputFilesList().length, 0, script)
    else isCode({ code, message: '', status: undefined }, 'FAILED_PRECONDITION', script)
  }
})

test('DR-10: an output is executable if its owner may execute it', async (t) => {
  const script = 'touch a b c d; chmod 700 a; chmod 600 b; chmod 500 c; chmod 611 d'
  const { result } = await t.run(script, { outputPaths: ['a', 'b', 'c', 'd'] })
  assert.equal(
    result.getOutputFilesList().map((file) => [file.getPath(), file.getIsExecutable()]),
    [
      ['a', true],
      ['b', false],
      ['c', true],
      ['d', false],
    ],
  )
})

test('DR-11: a FIFO is no output, and nobody waits for it', async (t) => {
  const codes = ['FAILED_PRECONDITION', 'INVALID_ARGUMENT']
  await endsAs(t, codes, 'mkfifo fifo', { outputPaths: ['fifo'] })
  await endsAs(t, codes, 'mkdir -p d/e; mkfifo d/e/fifo', { outputPaths: ['d'] })
})

test('DR-11: one that nobody asked for does not matter', async (t) => {
  const seen = await t.run('mkfifo fifo; echo x > out', { outputPaths: ['out'] })
  assert.equal(listed(seen), { files: ['out'] })
})

test('OR-05: large, empty and unreadable outputs, hard links and inputs are all in the CAS', async (t) => {
  const script = `echo secret > out; chmod 000 out; head -c 3000000 /dev/zero > big; : > empty
    echo own > own; ln own twin; ln in again`
  const outputPaths = ['again', 'big', 'empty', 'in', 'out', 'own', 'twin']
  const seen = await t.run(script, { inputs: { in: t.unique('input') }, outputPaths })
  assert.is(seen.code, OK)
  assert.equal(await missingOf(t, seen), [])
  const files = await filesOf(t.client, seen)
  assert.equal(
    Object.entries(files)
      .map(([path, content]) => [path, content.length])
      .sort(),
    [
      ['again', t.unique('input').length],
      ['big', 3_000_000],
      ['empty', 0],
      ['in', t.unique('input').length],
      ['out', 7],
      ['own', 4],
      ['twin', 4],
    ],
  )
})

test('EX-24: actions that make the same outputs at the same time all succeed', async (t) => {
  const runs = [1, 2, 3, 4, 5, 6].map((n) =>
    t.run(`echo '${t.unique()}' > out`, { outputPaths: ['out'], salt: t.unique(`${n}`) }),
  )
  const ends = await Promise.all(runs)
  for (const seen of ends) assert.equal(await missingOf(t, seen), [])
  assert.is(new Set(ends.map(({ result }) => result.getOutputFilesList()[0]?.getDigest()?.getHash())).size, 1)
})

test('OR-01: a thousand outputs', async (t) => {
  const outputPaths = Array.from({ length: 1000 }, (_, n) => `d/${String(n).padStart(4, '0')}`)
  const script = 'seq -f d/%04.0f 0 999 | while read name; do echo $name > $name; done'
  const seen = await t.run(script, { outputPaths })
  assert.equal([seen.code, listed(seen)], [OK, { files: outputPaths }])
  assert.equal(await missingOf(t, seen), [])
})

/** Files of a result that the CAS does not have. */
async function missingOf(t: Tester, { result }: Seen): Promise<string[]> {
  const digests = result.getOutputFilesList().map((file) => reapi.fromDigestMessage(SHA256, file.getDigest(), 'a file'))
  return await findMissing(t.client, digests)
}
