// A build tool in sixty lines: compiles every TypeScript file of src/ by itself, then bundles what came out.
// Each step is an action: it sees its declared inputs and nothing else, and runs only if one of them has changed.
//
//   node build.js [--src src] [--out out] [--cache .cache/gorego]
import { readdir } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { file, LocalExecutor, stored } from '@gorego/core'

const { values } = parseArgs({
  options: {
    src: { type: 'string', default: 'src' },
    out: { type: 'string', default: 'out' },
    cache: { type: 'string', default: '.cache/gorego' },
  },
})

// The compiler is an input like any other: another version of it means other results.
const require = createRequire(import.meta.url)
const esbuild = file(
  createRequire(require.resolve('esbuild')).resolve(`@esbuild/${process.platform}-${process.arch}/bin/esbuild`),
)

const executor = await LocalExecutor.open({ root: values.cache })
const steps = { ran: 0, cached: 0 }

try {
  const names = (await readdir(values.src)).filter((name) => name.endsWith('.ts')).map((name) => name.slice(0, -3))
  // As many at once as there are slots; the executor sees to it.
  const modules = await Promise.all(names.map(compile))
  await bundle(Object.fromEntries(modules))
  console.log(`${steps.ran} ran, ${steps.cached} cached: ${join(values.out, 'app.js')}`)
} catch (error) {
  console.error(error.message)
  process.exitCode = 1
} finally {
  await executor.close()
}

async function compile(name) {
  const result = await step(`compile ${name}.ts`, {
    argv: ['tools/esbuild', `src/${name}.ts`, `--outfile=lib/${name}.js`],
    inputs: { 'tools/esbuild': esbuild, [`src/${name}.ts`]: file(join(values.src, `${name}.ts`)) },
    outputs: [`lib/${name}.js`],
  })
  // The bundle takes the result from the store: no need to write it out and read it back.
  return [`lib/${name}.js`, stored(result.outputs.get(`lib/${name}.js`).digest)]
}

async function bundle(modules) {
  const result = await step('bundle', {
    argv: ['tools/esbuild', 'lib/main.js', '--bundle', '--platform=node', '--outfile=app.js'],
    inputs: { 'tools/esbuild': esbuild, ...modules },
    outputs: ['app.js'],
  })
  await result.materialize(values.out)
}

async function step(name, action) {
  const result = await executor.run({ ...action, timeoutMs: 60_000 })
  if (result.exitCode !== 0) throw new Error(`${name} failed with exit code ${result.exitCode}:\n${result.stderr}`)
  steps[result.cached ? 'cached' : 'ran']++
  console.log(`${result.cached ? 'cached' : 'ran   '} ${name}`)
  return result
}
