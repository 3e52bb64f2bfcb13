// `npm test [-- filter…]`: the checks and every test file, or those whose name contains one of the filters.
// Its last line is `N passed, N failed, N skipped`; it exits with 1 if anything failed.
import './lib/require-node.mjs'
import { availableParallelism } from 'node:os'
import { checks, runCheck } from './lib/checks.mjs'
import { ensureBuilt, ensureInstalled } from './lib/ensure.mjs'
import { pool } from './lib/pool.mjs'
import { closing, describe } from './lib/report.mjs'
import { findTests, isHeavy, matches } from './lib/test-files.mjs'
import { abandonAll, runTestFile } from './lib/test-process.mjs'

const filters = process.argv.slice(2)
const results = []

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, stop)

if (await succeeds('install', ensureInstalled)) {
  // Sources that do not compile fail the run, but the other tests may tell more about them. All that is published is
  // built for the whole run; whoever runs a few tests again and again does not wait for declarations.
  await succeeds('build', () => ensureBuilt({ types: filters.length === 0 }))
  await runAll()
}
process.stdout.write(closing(results))
process.exitCode = results.some((result) => result.failed > 0) ? 1 : 0

async function runAll() {
  const files = findTests(filters)
  const wanted = checks.filter((check) => matches(check.name, filters))
  if (files.length + wanted.length === 0) return fail('tests', `no test file has ${filters.join(' or ')} in its name\n`)
  const check = (one) => () => finish(runCheck(one))
  const test = (path) => () => finish(runTestFile(path))
  const light = files.filter((path) => !isHeavy(path))
  await pool([...wanted.map(check), ...light.map(test)], availableParallelism())
  await pool(files.filter(isHeavy).map(test), 1)
}

async function finish(running) {
  const result = await running
  results.push(result)
  process.stdout.write(describe(result))
}

async function succeeds(name, step) {
  try {
    await step()
    return true
  } catch (error) {
    fail(name, `${error.message}\n`)
    return false
  }
}

function fail(name, output) {
  const result = { name, seconds: 0, output, passed: 0, failed: 1, skipped: 0, reasons: [], problems: [] }
  results.push(result)
  process.stdout.write(describe(result))
}

function stop(signal) {
  abandonAll()
  process.kill(process.pid, signal)
}
