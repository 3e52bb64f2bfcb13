// Holds files to the lengths of CONTRIBUTING.md, and says what they are. Part of `npm run check` and `npm test`.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { judgeLengths } from './lib/file-lengths.mjs'
import { sourceFiles } from './lib/source-files.mjs'
import { root } from './lib/workspace.mjs'

const linesIn = (path) => readFileSync(join(root, path), 'utf8').trimEnd().split('\n').length
const files = sourceFiles().map((path) => ({ path, lines: linesIn(path) }))
const { median, problems } = judgeLengths(files)
process.stdout.write(`${files.length} files, median ${median} lines\n`)
for (const problem of problems) process.stdout.write(`${problem}\n`)
if (problems.length > 0) process.exitCode = 1
