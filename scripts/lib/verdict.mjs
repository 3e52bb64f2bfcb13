// What one test file's process amounts to. All rules of what counts as failed are here.
import { parseSummary } from './uvu-summary.mjs'

/**
 * `ended` is `{ output, code, signal, stopped?, files, processes }`: `stopped` says why we had to kill it,
 * `files` and `processes` name what it left behind.
 */
export function verdict({ output, code, signal, stopped, files, processes }) {
  const summary = parseSummary(output)
  const problems = []
  if (stopped) problems.push(stopped)
  else if (!summary.ran)
    problems.push(`printed no summary of its tests (${exit(code, signal)}): is test.run() missing?`)
  else if (code !== 0 && summary.failed === 0)
    problems.push(`all its tests passed, yet it ended with ${exit(code, signal)}`)
  if (summary.ran && summary.total === 0 && !isSkippedForAReason(summary)) problems.push('ran no test')
  if (files.length > 0) problems.push(`left in its temporary directory: ${files.join(', ')}`)
  if (processes.length > 0) problems.push(`left running (ended now): ${processes.join('; ')}`)
  const { passed, skipped, reasons, figures } = summary
  return { passed, failed: summary.failed + problems.length, skipped, reasons, figures, problems }
}

const isSkippedForAReason = ({ skipped, reasons }) => skipped > 0 && reasons.length > 0

const exit = (code, signal) => (signal ? `signal ${signal}` : `exit code ${code}`)
