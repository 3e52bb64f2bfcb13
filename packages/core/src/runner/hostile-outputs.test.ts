import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { SHA256 } from '../digest/index.js'
import { StoreLayout } from '../disk/index.js'
import { isRunning } from '../testing/is-running.js'
import { temporaryDirectory } from '../testing/temporary-directory.js'
import { until } from '../testing/until.js'
import { type Ran, WorkerRig } from '../testing/worker-rig.js'
import { BlobFiles } from './blob-files.js'
import { OpenedFile } from './opened-file.js'

let rig: WorkerRig
test.before(async () => {
  rig = await WorkerRig.open()
})
test.after(async () => {
  assert.equal(await rig.close(), [])
})

const isRoot = process.getuid?.() === 0

function fails({ outcome }: Ran, what: RegExp): void {
  assert.is(outcome.failure?.code, 'failed-precondition', outcome.failure?.message)
  assert.match(outcome.failure?.message ?? '', what)
}

test('DR-11 FIFOs, sockets and devices as outputs fail the action, alone and in a tree, and are never opened', async () => {
  const special: Record<string, string> = {
    fifo: 'mkfifo $1',
    // Left behind as it is: a process that just ends does not remove it.
    socket: `"$NODE" -e "const s = require('node:net').createServer().listen('$1', () => process.kill(process.pid, 'SIGKILL'))"`,
    ...(isRoot ? { device: 'mknod $1 c 1 5', 'block device': 'mknod $1 b 7 200' } : {}),
  }
  const env = [
    ['NODE', process.execPath],
    ['PATH', '/usr/bin:/bin'],
  ] as const
  for (const [what, make] of Object.entries(special)) {
    const script = `make() { ${make}; }; mkdir -p d/e; make out; make d/e/x; [ -e out ] && [ -e d/e/x ] || echo no`
    const alone = await rig.sh(script, { env, outputPaths: ['out'] })
    assert.is(alone.stdout, '', what)
    fails(alone, /"out" is neither a file, a directory nor a symbolic link/)
    fails(await rig.sh(script, { env, outputFiles: ['out'] }), /"out"/)
    fails(await rig.sh(script, { env, outputPaths: ['d'] }), /"d\/e\/x" is neither/)
    // One that nobody asked for harms nobody.
    assert.is((await rig.sh(script, { env, outputPaths: ['nothing'] })).outcome.failure, undefined)
  }
})

test('GEN-06: a command that removes all that it was laid out in has only itself to blame', async () => {
  const { outcome, result } = await rig.sh('echo x > out; rm -rf "$(dirname "$PWD")"', { outputPaths: ['out'] })
  assert.is(outcome.failure, undefined)
  assert.match(outcome.message ?? '', /out/)
  assert.equal(result.getOutputFilesList(), [])
  assert.is((await rig.sh('echo the slot goes on')).stdout, 'the slot goes on\n')
})

/** The store's files on their own, with a file of ours beside them. */
function blobFiles(directory: string): BlobFiles {
  mkdirSync(join(directory, 'tmp'))
  mkdirSync(join(directory, 'store'))
  return new BlobFiles(new StoreLayout(join(directory, 'store')), join(directory, 'tmp'))
}

test('DR-11 what turns out to be no file when it is opened is not read, and nobody waits for it', async () => {
  using space = temporaryDirectory()
  const at = (name: string) => join(space.path, name)
  const blobs = blobFiles(space.path)
  execFileSync('mkfifo', [at('fifo')])
  mkdirSync(at('directory'))
  writeFileSync(at('secret'), 'secret')
  symlinkSync('secret', at('link'))
  symlinkSync('loop', at('loop'))
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(at('socket'), resolve))
  for (const name of ['fifo', 'directory', 'link', 'loop', 'socket']) {
    assert.is(blobs.storeFile(SHA256, at(name)), undefined, name)
    assert.is(OpenedFile.open(at(name)), undefined, name)
  }
  server.close()
  assert.equal(blobs.stored, [])
  assert.equal(readdirSync(at('tmp')), [])
  assert.is(readFileSync(at('secret'), 'utf8'), 'secret')
})

test('links that are swapped in while the command runs lead nothing out, and nothing in', async () => {
  const secret = rig.path('secret')
  mkdirSync(secret)
  writeFileSync(join(secret, 'file'), 'not for them')
  const inputs = { d: { directory: { e: { directory: {} } } } }
  fails(await rig.sh(`rm -r d; ln -s ${secret} d`, { inputs, outputPaths: ['d/file'] }), /leads to something/)
  fails(await rig.sh(`rm -r d/e; ln -s ${secret} d/e`, { inputs, outputPaths: ['d/e/file'] }), /leads to something/)
  fails(await rig.sh(`cd ..; mv root r; ln -s ${secret} root`, { outputPaths: ['file'] }), /leads to something/)
  const tree = await rig.sh(`rm -r d/e; ln -s ${secret} d/e`, { inputs, outputPaths: ['d'] })
  assert.is(tree.outcome.failure, undefined)
  assert.not.match(await rig.text(tree.result.getOutputDirectoriesList()[0]?.getTreeDigest()), /file/)
  assert.equal(readdirSync(secret), ['file'])
  assert.is((await rig.sh('ls -A; ls -A ..')).stdout, 'root\n', 'the next one finds nothing of it')
})

test('a process that got away and swaps an output all the time gets no other file stored, and no hang', async () => {
  const secret = rig.path('swapped')
  const [stop, pid] = [rig.path('stop'), rig.path('pid')]
  writeFileSync(secret, 'not for them')
  const swap = `echo $$ > ${pid}; while [ ! -e ${stop} ]; do
    rm -f out; mkfifo out; rm -f out; ln -s ${secret} out; rm -f out; echo fine > out; done`
  for (let n = 0; n < 5; n++) {
    const { outcome, result } = await rig.sh(
      `setsid sh -c '${swap}' > /dev/null 2>&1 & until [ -s ${pid} ]; do :; done`,
      {
        outputPaths: ['out'],
        salt: `${n}`,
      },
    )
    // Whatever was there at that moment.
    assert.ok(outcome.failure === undefined || outcome.failure.code === 'failed-precondition', outcome.failure?.message)
    for (const file of result.getOutputFilesList()) assert.not.match(await rig.text(file.getDigest()), 'not for them')
    writeFileSync(stop, '')
    await until('the end of it', () => !isRunning(Number(readFileSync(pid, 'utf8'))))
    execFileSync('rm', [stop, pid])
  }
})

test('OR-01 10,000 output files, one by one and as a tree', async () => {
  const script = 'mkdir d; cd d; i=0; while [ $i -lt 10000 ]; do echo $i > $i; i=$((i+1)); done'
  const outputPaths = Array.from({ length: 10_000 }, (_, n) => `d/${n}`)
  const { outcome, result } = await rig.sh(script, { outputPaths: [...outputPaths, 'd'] })
  assert.is(outcome.failure, undefined, outcome.failure?.message)
  assert.is(result.getOutputFilesList().length, 10_000)
  const digests = result.getOutputFilesList().map((file) => rig.digest(file.getDigest()))
  assert.equal(await rig.store.findMissing(digests), [])
  assert.is(result.getOutputDirectoriesList().length, 1)
})

test('OR-02 outputs that only differ in their spelling, very long paths, and names that look like options', async () => {
  const deep = Array.from({ length: 60 }, (_, n) => `directory-number-${n}`).join('/')
  const outputPaths = ['-rf', '--', '$(touch x)', 'a b', "it's", 'new\nline', `${deep}/out`, 'größer 📦']
  const script = outputPaths.map((path) => `: > './${path.replaceAll("'", "'\\''")}'`).join('; ')
  const { outcome, result } = await rig.sh(script, { outputPaths })
  assert.is(outcome.failure, undefined, outcome.failure?.message)
  assert.equal(
    result.getOutputFilesList().map((file) => file.getPath()),
    outputPaths,
  )
})

test('an output with a time in the far future, no permissions, or a size that is a hole', async () => {
  const { outcome, result } = await rig.sh(
    'echo x > a; chmod 000 a; touch -d @9999999999 a; truncate -s 5000000 hole; mkdir d; chmod 777 d; chmod +t d',
    { outputPaths: ['a', 'hole', 'd'] },
  )
  assert.is(outcome.failure, undefined, outcome.failure?.message)
  assert.is(await rig.text(result.getOutputFilesList()[0]?.getDigest()), 'x\n')
  assert.is(result.getOutputFilesList()[1]?.getDigest()?.getSizeBytes(), 5_000_000)
})

test('the working directory that the command took away', async () => {
  const gone = await rig.sh('rm -r ../w', { workingDirectory: 'w', outputPaths: ['x', '../y'] })
  assert.is(gone.outcome.failure, undefined, gone.outcome.failure?.message)
  const root = await rig.sh('cd ..; rm -r root', { outputPaths: ['x', 'a/b'] })
  assert.is(root.outcome.failure, undefined, root.outcome.failure?.message)
  assert.is((await rig.sh('ls -A; ls -A ..')).stdout, 'root\n')
  assert.not(existsSync(rig.path('root')))
})

test.run()
