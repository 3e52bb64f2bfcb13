// Holds every import to the table in scripts/lib/boundaries.mjs. Part of `npm run check` and `npm test`.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { objection } from './lib/boundary-rules.mjs'
import { importsOf } from './lib/imports.mjs'
import { sourceFiles } from './lib/source-files.mjs'
import { root } from './lib/workspace.mjs'

let found = 0
for (const file of sourceFiles()) {
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
