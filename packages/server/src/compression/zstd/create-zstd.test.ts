import { execFile } from 'node:child_process'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { blobOfSize, collect, inChunks } from '@gorego/core/testing'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { createZstd, zstdWith } from './create-zstd.js'
import { nodeEngine } from './node-engine.js'
import { wasmEngine } from './wasm-engine.js'

const run = promisify(execFile)

const contents = [
  Buffer.alloc(0),
  Buffer.from('short'),
  Buffer.alloc(1_000_000, 'the same again '),
  Buffer.from(blobOfSize(700_000, 'noise').bytes),
]

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}

for (const [name, engine] of [
  ['node:zlib', nodeEngine()],
  ['@bokuweb/zstd-wasm', wasmEngine()],
] as const) {
  test(`BR-02, BR-06: what ${name} compresses comes back as it was`, async () => {
    // Node has it from 22.15 on.
    if (engine === undefined) return
    const zstd = zstdWith(engine)
    for (const content of contents) {
      const compressed = await collect(zstd.compress(once(content)))
      assert.ok(compressed.length > 0, 'also nothing is a frame')
      assert.ok((await collect(zstd.decompress(once(compressed)))).equals(content))
    }
    assert.ok((await collect(zstd.compress(once(contents[2] as Buffer)))).length < 10_000)
  })

  test(`BR-09: what ${name} makes goes out in pieces`, async () => {
    if (engine === undefined) return
    for await (const chunk of zstdWith(engine).compress(once(contents[3] as Buffer))) {
      assert.ok(chunk.length < 512 * 1024)
    }
  })
}

test('@bokuweb/zstd-wasm is loaded by the first who compresses, once', async () => {
  const program = `
    import { createRequire } from 'node:module'
    import { wasmEngine } from ${JSON.stringify(new URL('wasm-engine.ts', import.meta.url).href)}
    const files = () => Object.keys(createRequire(import.meta.url).cache).filter((path) => path.includes('zstd-wasm')).length
    const engine = wasmEngine()
    const before = files()
    const made = await Promise.all([1, 2, 3].map(() => engine.compress(new Uint8Array(1000))))
    console.log(before, files() > 0, new Set(made.map((bytes) => Buffer.from(bytes).toString('hex'))).size)`
  const args = [...process.execArgv, '--input-type=module', '--eval', program]
  const { stdout } = await run(process.execPath, args, { cwd: dirname(fileURLToPath(import.meta.url)) })
  assert.is(stdout, '0 true 1\n')
})

test('where @bokuweb/zstd-wasm is there and does not work, who compresses is told what to do', async () => {
  const program = `
    import Module from 'node:module'
    import { wasmEngine } from ${JSON.stringify(new URL('wasm-engine.ts', import.meta.url).href)}
    const load = Module._load
    Module._load = function (request, ...more) {
      if (request === '@bokuweb/zstd-wasm') throw new Error('truncated')
      return load.call(this, request, ...more)
    }
    await wasmEngine().compress(new Uint8Array(1)).catch(({ code, message }) => console.log(code, message))`
  const args = [...process.execArgv, '--input-type=module', '--eval', program]
  const { stdout } = await run(process.execPath, args, { cwd: dirname(fileURLToPath(import.meta.url)) })
  assert.match(stdout, /^failed-precondition .*@bokuweb\/zstd-wasm does not work: install it again/)
})

test('there is one here', async () => {
  const zstd = createZstd()
  assert.is(zstd?.name, 'zstd')
  const content = contents[2] as Buffer
  const compressed = await collect(zstd?.compress(inChunks(content, 100_000)) ?? once(content))
  assert.ok(compressed.length < content.length)
})

test.run()
