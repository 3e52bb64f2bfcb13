// DIG-09: an executor hashes everything with one function, from its inputs on the host to the outputs of its actions.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Digest, type DigestFunctionName, digestFunctions } from './digest/index.js'
import { content, file, stored } from './embed/inputs.js'
import { GoregoError } from './errors/index.js'
import { LocalExecutor } from './local-executor.js'
import { temporaryDirectory } from './testing/temporary-directory.js'

const space = temporaryDirectory()
const root = join(space.path, 'root')
test.after(() => space[Symbol.dispose]())

const open = (digestFunction: DigestFunctionName) => LocalExecutor.open({ root, concurrency: 1, digestFunction })

async function failure(running: Promise<unknown>): Promise<GoregoError> {
  const error = await running.then(
    () => assert.unreachable('it succeeded'),
    (reason) => reason,
  )
  assert.instance(error, GoregoError, String(error))
  return error
}

for (const fn of digestFunctions) {
  test(`${fn.name}: inputs, outputs, what was printed, and the result that is found again`, async () => {
    await using executor = await open(fn.name)
    const host = join(space.path, `${fn.name}.txt`)
    writeFileSync(host, fn.name.repeat(500_000))
    const spec = {
      argv: ['/bin/sh', '-c', 'mkdir -p out/below; cp large out/below; cp small out; echo printed; cat small >&2'],
      inputs: { large: file(host), small: content('small') },
      outputs: ['out', 'small'],
    }
    const first = await executor.run(spec)
    assert.equal([first.exitCode, first.stdout, first.stderr, first.cached], [0, 'printed\n', 'small', false])
    const small = first.outputs.get('small')
    assert.ok(small?.kind === 'file' && small.digest.equals(Digest.ofBytes(fn, Buffer.from('small'))))
    assert.is(first.action.fn, fn)
    const target = join(space.path, fn.name)
    await first.materialize(target)
    assert.is(readFileSync(join(target, 'out/below/large'), 'utf8'), fn.name.repeat(500_000))
    assert.ok((await executor.run(spec)).cached)
    const next = await executor.run({ argv: ['/bin/cat', 'in'], inputs: { in: stored(small.digest) } })
    assert.is(next.stdout, 'small')
  })

  test(`${fn.name}: an action that writes to its input succeeds, and does no harm`, async () => {
    await using executor = await open(fn.name)
    const inputs = { in: content(`precious to ${fn.name}`) }
    const overwrite = { argv: ['/bin/sh', '-c', 'chmod u+w in; echo spoilt > in'], inputs }
    assert.is((await executor.run(overwrite)).exitCode, 0)
    assert.is((await executor.run({ argv: ['/bin/cat', 'in'], inputs })).stdout, `precious to ${fn.name}`)
  })
}

test('a stored input of another function is refused: its hash means nothing here', async () => {
  await using sha256 = await open('sha256')
  await using blake3 = await open('blake3')
  const spec = { argv: ['/bin/sh', '-c', 'echo made > out'], outputs: ['out'] }
  const made = (await sha256.run(spec)).outputs.get('out')
  assert.ok(made?.kind === 'file')
  const { code, message } = await failure(blake3.run({ argv: ['/bin/cat', 'in'], inputs: { in: stored(made.digest) } }))
  assert.is(code, 'invalid-argument')
  assert.match(message, 'is a sha256 digest, but this executor uses blake3')
})

test('a function that nobody knows is refused, and the directory is let be', async () => {
  const error = await failure(LocalExecutor.open({ root, digestFunction: 'sha3' as DigestFunctionName }))
  assert.is(error.code, 'invalid-argument')
})

test.run()
