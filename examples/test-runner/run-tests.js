// A test runner in fifty lines: runs every test file by itself, with the files that it imports and no others, and remembers what passed.
//
//   node run-tests.js [--dir .] [--cache .cache/gorego]
import { readdir, readFile } from 'node:fs/promises'
import { dirname, join, normalize } from 'node:path'
import { parseArgs } from 'node:util'
import { content, file, LocalExecutor } from '@gorego/core'

const { values } = parseArgs({
  options: { dir: { type: 'string', default: '.' }, cache: { type: 'string', default: '.cache/gorego' } },
})

const executor = await LocalExecutor.open({ root: values.cache })
try {
  const tests = (await readdir(join(values.dir, 'test'))).filter((name) => name.endsWith('.spec.js')).sort()
  // A test that fails says nothing about the others.
  const graph = executor.graph({ keepGoing: true })
  for (const name of tests) {
    const test = `test/${name}`
    graph.add(name, {
      argv: [process.execPath, test],
      inputs: {
        'package.json': content('{"type":"module"}'),
        ...Object.fromEntries((await importsOf(test)).map((path) => [path, file(join(values.dir, path))])),
      },
      // Another Node is another action.
      salt: process.version,
      timeoutMs: 60_000,
    })
  }
  const { ok, nodes, counts } = await graph.run()
  for (const [name, { state, error }] of nodes) console.log(state.padEnd(6), error?.message ?? name)
  console.log(`${counts.done} ran, ${counts.cached} cached, ${counts.failed} failed`)
  if (!ok) process.exitCode = 1
} finally {
  await executor.close()
}

/** The file, and every file that it imports by a relative path, at any distance. */
async function importsOf(path, found = new Set()) {
  if (found.has(path)) return []
  found.add(path)
  const text = await readFile(join(values.dir, path), 'utf8')
  for (const [, target] of text.matchAll(/\bfrom '(\.[^']+)'/g))
    await importsOf(normalize(join(dirname(path), target)), found)
  return [...found]
}
