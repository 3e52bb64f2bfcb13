// The checks that need no test to run: one list for `npm run check` and `npm test`.
import { join } from 'node:path'
import { run } from './run.mjs'
import { root } from './workspace.mjs'

const tool = (...path) => join(root, ...path)

export const checks = [
  {
    name: 'check: biome',
    args: [tool('node_modules/@biomejs/biome/bin/biome'), 'check', '--error-on-warnings', '--colors=off'],
  },
  { name: 'check: file-lengths', args: [tool('scripts/check-file-lengths.mjs')] },
  { name: 'check: dead-code', args: [tool('node_modules/knip/bin/knip.js'), '--no-progress', '--no-config-hints'] },
  { name: 'check: boundaries', args: [tool('scripts/check-boundaries.mjs')] },
  { name: 'check: types', args: [tool('node_modules/typescript/bin/tsc'), '-p', 'tsconfig.json'] },
  {
    name: 'check: api-report',
    args: ['--conditions=gorego-source', '--import', 'tsx', tool('test/api/check-api-report.ts')],
  },
]

/** Runs a check as if it were a test file with one test. */
export async function runCheck({ name, args }) {
  const started = performance.now()
  const { ok, output } = await run(process.execPath, args)
  const seconds = (performance.now() - started) / 1000
  return { name, seconds, output, passed: ok ? 1 : 0, failed: ok ? 0 : 1, skipped: 0, reasons: [], problems: [] }
}
