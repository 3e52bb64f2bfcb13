// Holds every import to the table in scripts/lib/boundaries.mjs. Part of `npm run check` and `npm test`.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { objection } from './lib/boundary-rules.mjs'
import { filesBelow } from './lib/files.mjs'
import { importsOf } from './lib/imports.mjs'
import { root } from './lib/workspace.mjs'

const isSource = (path) =>
  /\.(ts|mts|mjs|js)$/.test(path) && !/\.(config|d)\.ts$/.test(path) && !path.includes('/proto/gen/')
const files = ['packages', 'examples', 'bench', 'conformance', 'test', 'scripts']
  .flatMap((place) => filesBelow(root, place))
  .filter(isSource)

let found = 0
for (const file of files) {
  const reasons = new Map()
  for (const one of importsOf(readFileSync(join(root, file), 'utf8'))) {
    const reason = objection(file, one)
    if (reason) reasons.set(reason, [...(reasons.get(reason) ?? []), `line ${one.line} imports '${one.specifier}'`])
  }
  for (const [reason, imports] of reasons) process.stdout.write(`${file}: ${imports.join(', ')}\n    ${reason}\n`)
  found += reasons.size
}
if (found > 0) {
  process.stdout.write('\nImports cross a boundary. The table and its reasons: scripts/lib/boundaries.mjs\n')
  process.exitCode = 1
}
