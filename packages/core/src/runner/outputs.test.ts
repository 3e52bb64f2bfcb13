import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type ActionResult, Tree } from '../proto/messages.js'
import { type Ran, WorkerRig } from '../testing/worker-rig.js'

let rig: WorkerRig
test.before(async () => {
  rig = await WorkerRig.open()
})
test.after(async () => {
  assert.equal(await rig.close(), [])
})

/** The lists of a result that are not empty, by path. */
function listed(result: ActionResult): Record<string, string[]> {
  const links = (list: { getPath(): string; getTarget(): string }[]) =>
    list.map((link) => `${link.getPath()} -> ${link.getTarget()}`)
  const all = {
    files: result.getOutputFilesList().map((file) => file.getPath()),
    directories: result.getOutputDirectoriesList().map((directory) => directory.getPath()),
    links: links(result.getOutputSymlinksList()),
    fileLinks: links(result.getOutputFileSymlinksList()),
    directoryLinks: links(result.getOutputDirectorySymlinksList()),
  }
  return Object.fromEntries(Object.entries(all).filter(([, paths]) => paths.length > 0))
}

function failsWith({ outcome, result }: Ran, what: RegExp): void {
  assert.is(outcome.failure?.code, 'failed-precondition', outcome.failure?.message)
  assert.match(outcome.failure?.message ?? '', what)
  assert.not.match(outcome.failure?.message ?? '', rig.directory)
  assert.is(result.getExitCode(), 0)
}

test('OR-01 outputs that exist are listed by the path that was asked for, others left out', async () => {
  const { result, outcome } = await rig.sh('echo f > f; mkdir d; ln -s f l; echo other > other', {
    outputPaths: ['f', 'd', 'l', 'missing', 'gone/too'],
  })
  assert.is(outcome.failure, undefined)
  assert.equal(listed(result), { files: ['f'], directories: ['d'], links: ['l -> f'], fileLinks: ['l -> f'] })
})

test('OR-02 the same file under two spellings is listed under both', async () => {
  const { result } = await rig.sh('mkdir -p a; echo x > a/f', { outputPaths: ['a/f', 'a/./f', 'b/../a/f', 'a/f'] })
  assert.equal(listed(result), { files: ['a/f', 'a/./f', 'b/../a/f'] })
})

test('CM-06 output_paths make the older lists count for nothing', async () => {
  const { result } = await rig.sh('touch a b; mkdir c', {
    outputPaths: ['a'],
    outputFiles: ['a', 'b', 'c'],
    outputDirectories: ['c', 'a'],
  })
  assert.equal(listed(result), { files: ['a'] })
})

test('CM-06 without output_paths the older lists count', async () => {
  const { result } = await rig.sh('touch a; mkdir c', { outputFiles: ['a', 'b'], outputDirectories: ['c', 'd'] })
  assert.equal(listed(result), { files: ['a'], directories: ['c'] })
})

test('CM-07 the directories above outputs are made, the outputs are not', async () => {
  const { stdout } = await rig.run({
    argv: ['/usr/bin/find', '.', '-mindepth', '1'],
    outputPaths: ['p/q/out', 'top', 'p/r/out'],
  })
  assert.equal(stdout.trimEnd().split('\n').sort(), ['./p', './p/q', './p/r'])
  const { stdout: legacy } = await rig.run({
    argv: ['/usr/bin/find', '.', '-mindepth', '1'],
    workingDirectory: 'w',
    outputFiles: ['f/out'],
    outputDirectories: ['d/out'],
  })
  assert.equal(legacy.trimEnd().split('\n').sort(), ['./d', './f'])
})

test('CM-05 an empty path means the whole working directory', async () => {
  const { result } = await rig.sh('echo x > x', {
    workingDirectory: 'w',
    inputs: { w: { directory: { input: '' } }, outside: '' },
    outputDirectories: [''],
  })
  const [directory] = result.getOutputDirectoriesList()
  assert.is(directory?.getPath(), '')
  const tree = await rig.text(directory?.getTreeDigest())
  assert.ok(tree.includes('input') && !tree.includes('outside'))
})

test('OR-03 an output of the wrong kind is an error, with what the command printed', async () => {
  const file = await rig.sh('echo hi; mkdir out', { outputFiles: ['out'] })
  failsWith(file, /"out" as an output file, and made it a directory/)
  assert.is(file.stdout, 'hi\n')
  failsWith(await rig.sh('touch out', { outputDirectories: ['out'] }), /"out" as an output directory/)
  assert.is(await rig.cache.get({ instance: '', action: file.action.digest }), undefined)
})

test('OR-04 DR-09 links go to the list of their kind, dangling ones too', async () => {
  const script = 'touch f; mkdir d; ln -s f to-file; ln -s d to-dir; ln -s nowhere dangling; ln -s self self'
  const all = ['to-file', 'to-dir', 'dangling', 'self']
  const anything = await rig.sh(script, { outputPaths: all })
  assert.equal(listed(anything.result), {
    links: ['to-file -> f', 'to-dir -> d', 'dangling -> nowhere', 'self -> self'],
    // Where clients of REAPI 2.0 look.
    fileLinks: ['to-file -> f', 'dangling -> nowhere', 'self -> self'],
    directoryLinks: ['to-dir -> d'],
  })
  const files = await rig.sh(script, { outputFiles: ['to-file', 'dangling', 'self'] })
  assert.equal(listed(files.result), { fileLinks: ['to-file -> f', 'dangling -> nowhere', 'self -> self'] })
  const directories = await rig.sh(script, { outputDirectories: ['to-dir', 'dangling', 'self'] })
  assert.equal(listed(directories.result), { directoryLinks: ['to-dir -> d', 'dangling -> nowhere', 'self -> self'] })
  failsWith(await rig.sh(script, { outputFiles: ['to-dir'] }), /symbolic link to a directory/)
  failsWith(await rig.sh(script, { outputDirectories: ['to-file'] }), /symbolic link to a file/)
})

test('DR-08 the target of a link may lead anywhere: nobody follows it', async () => {
  const { result } = await rig.sh('ln -s ../../../etc/passwd up; ln -s /etc/passwd away', {
    outputPaths: ['up', 'away'],
  })
  assert.equal(listed(result).links, ['up -> ../../../etc/passwd', 'away -> /etc/passwd'])
})

test('outputs behind a link that leads out of the input root are not collected', async () => {
  failsWith(await rig.sh('rmdir d; ln -s /etc d', { outputPaths: ['d/passwd'] }), /leads to something/)
  failsWith(await rig.sh('rmdir d; ln -s ../.. d', { outputPaths: ['d/x'] }), /leads to something/)
  failsWith(await rig.sh('rmdir d; touch d', { outputPaths: ['d/x'] }), /leads to something/)
  const circle = await rig.sh('rmdir d; ln -s d d', { outputPaths: ['d/x'] })
  assert.equal([circle.outcome.failure, listed(circle.result)], [undefined, {}])
  const inside = await rig.sh('rmdir d; mkdir real; echo x > real/x; ln -s real d', { outputPaths: ['d/x'] })
  assert.equal(listed(inside.result), { files: ['d/x'] })
})

test('DR-11 a FIFO or socket is no output, and is never opened', async () => {
  const make = 'mkfifo fifo; mkdir -p d/e; mkfifo d/e/fifo'
  failsWith(await rig.sh(make, { outputPaths: ['fifo'] }), /output "fifo" is neither/)
  failsWith(await rig.sh(make, { outputPaths: ['d'] }), /output "d\/e\/fifo" is neither/)
  assert.equal(listed((await rig.sh(make, { outputPaths: ['d/e/none'] })).result), {})
})

test('DR-10 the owner may execute: so may who gets the output', async () => {
  const { result } = await rig.sh('touch a b c d; chmod 700 a; chmod 600 b; chmod 100 c; chmod 011 d', {
    outputPaths: ['a', 'b', 'c', 'd'],
  })
  assert.equal(
    result.getOutputFilesList().map((file) => file.getIsExecutable()),
    [true, false, true, false],
  )
})

test('an output inside another output keeps what it is', async () => {
  const { result } = await rig.sh('mkdir -p d/e; echo "echo x" > d/e/tool; chmod 755 d/e/tool', {
    outputPaths: ['d', 'd/e', 'd/e/tool'],
  })
  assert.equal(
    result.getOutputFilesList().map((file) => file.getIsExecutable()),
    [true],
  )
  const [outer, inner] = result.getOutputDirectoriesList()
  const trees = [await rig.bytes(outer?.getTreeDigest()), await rig.bytes(inner?.getTreeDigest())]
  const [outerTree, innerTree] = trees.map((bytes) => Tree.deserializeBinary(bytes))
  assert.ok(outerTree?.getChildrenList()[0]?.getFilesList()[0]?.getIsExecutable())
  assert.ok(innerTree?.getRoot()?.getFilesList()[0]?.getIsExecutable())
})

test('outputs that are hard links of each other or of an input are stored', async () => {
  const { result } = await rig.sh('ln in a; echo own > b; chmod +x b; ln b c', {
    inputs: { in: 'input' },
    outputPaths: ['a', 'b', 'c', 'in'],
  })
  const files = result.getOutputFilesList()
  const texts = await Promise.all(files.map((file) => rig.text(file.getDigest())))
  assert.equal(texts, ['input', 'own\n', 'own\n', 'input'])
  assert.equal(
    files.map((file) => file.getIsExecutable()),
    [false, true, true, false],
  )
})

test('OR-05 what an output was is in the store, also when the action had it unreadable', async () => {
  const { result } = await rig.sh('echo secret > out; chmod 000 out; head -c 3000000 /dev/zero > big; : > empty', {
    outputPaths: ['big', 'empty', 'out'],
  })
  const digests = result.getOutputFilesList().map((file) => rig.digest(file.getDigest()))
  assert.equal(
    digests.map((digest) => digest.sizeBytes),
    [3_000_000, 0, 7],
  )
  assert.equal(await rig.store.findMissing(digests), [])
  const [big, , out] = digests
  assert.ok(big && out)
  assert.equal(await rig.store.get(big), Buffer.alloc(3_000_000))
  assert.is(Buffer.from(await rig.store.get(out)).toString(), 'secret\n')
})

test('OR-09 an empty stream has no digest', async () => {
  const { result } = await rig.sh('echo x >&2')
  assert.is(result.getStdoutDigest(), undefined)
  assert.is(result.getStderrDigest()?.getSizeBytes(), 2)
})

test('EX-24 actions that make the same outputs at the same time all succeed', async () => {
  const runs = Array.from({ length: 6 }, (_, n) => rig.sh('echo same > out', { outputPaths: ['out'], salt: `${n}` }))
  const digests = (await Promise.all(runs)).map(({ result }) => result.getOutputFilesList()[0]?.getDigest()?.getHash())
  assert.is(new Set(digests).size, 1)
})

test.run()
