// What there is to do, as a graph: each page has its types checked, its script bundled, and the script put into it.
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { content, directory, file } from '@gorego/core'
import { importsOf, pagesOf } from './source-files.js'

// Tools are inputs like any other: another version of one means other results. They are taken from where npm has put
// them, without any install script: esbuild's program is in the package for this system.
const require = createRequire(import.meta.url)
const esbuildFor = `@esbuild/${process.platform}-${process.arch}/bin/esbuild`
const esbuild = file(createRequire(require.resolve('esbuild')).resolve(esbuildFor))
const typescript = directory(dirname(require.resolve('typescript')))
const inlineScript = file(fileURLToPath(new URL('./inline-script.js', import.meta.url)))
// All but Node itself, which is where it is; so its version says which it is.
const onNode = { salt: process.version, timeoutMs: 120_000 }

const compilerOptions = {
  strict: true,
  noEmit: true,
  allowImportingTsExtensions: true,
  target: 'es2022',
  module: 'esnext',
  moduleResolution: 'bundler',
  lib: ['es2022', 'dom'],
  types: [],
}

/** The graph for all pages below `src`, and the nodes that make what is to be written out. */
export async function pageGraph(executor, src, options) {
  const graph = executor.graph(options)
  const results = []
  for (const { page, entry } of await pagesOf(src)) {
    const sources = Object.fromEntries(
      (await importsOf(src, entry)).map((path) => [`src/${path}`, file(join(src, path))]),
    )
    graph.add(`check ${entry}`, {
      ...onNode,
      argv: [process.execPath, 'typescript/tsc.js', '--project', '.'],
      inputs: {
        ...sources,
        typescript,
        'tsconfig.json': content(JSON.stringify({ compilerOptions, files: [`src/${entry}`] })),
      },
    })
    // The bundle does not wait for the check: both run at once.
    const bundle = graph.add(`bundle ${entry}`, {
      argv: ['./esbuild', `src/${entry}`, '--bundle', '--minify', '--format=esm', '--outfile=script.js'],
      inputs: { ...sources, esbuild },
      outputs: ['script.js'],
      timeoutMs: 120_000,
    })
    graph.add(page, {
      ...onNode,
      argv: [process.execPath, 'inline-script.js', 'page.html', 'script.js', page],
      inputs: {
        'package.json': content('{"type":"module"}'),
        'inline-script.js': inlineScript,
        'page.html': file(join(src, page)),
        // As a digest in the store: it is not written out and read back.
        'script.js': bundle.output('script.js'),
      },
      outputs: [page],
    })
    results.push(page)
  }
  return { graph, results }
}
