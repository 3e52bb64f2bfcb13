// What a person reads of a test run.

/** One line for a file that passed, and one for each figure that it tells; for one that failed, everything it printed and what is wrong with it. */
export function describe({ name, seconds, passed, failed, skipped, figures = [], problems, output }) {
  const counts = [`${passed} passed`, failed > 0 && `${failed} failed`, skipped > 0 && `${skipped} skipped`]
  const line = `${failed > 0 ? 'FAIL' : 'ok  '}  ${name}  (${counts.filter(Boolean).join(', ')}, ${seconds.toFixed(1)} s)\n`
  if (failed === 0) return `${line}${figures.map((figure) => `      ${figure}\n`).join('')}`
  const said = output.trimEnd()
  const complaints = problems.map((problem) => `FAIL  ${name}: ${problem}\n`).join('')
  return `\n${line}${said && `${said.replace(/^/gm, '    ')}\n`}${complaints}\n`
}

/** The end of the run; its last line is the one that machines read. */
export function closing(results) {
  const total = (key) => results.reduce((sum, result) => sum + result[key], 0)
  const failing = results.filter((result) => result.failed > 0).map((result) => `FAIL  ${result.name}\n`)
  const reasons = results.flatMap((result) => result.reasons.map((reason) => `${reason}  (${result.name})\n`))
  const counts = `${total('passed')} passed, ${total('failed')} failed, ${total('skipped')} skipped`
  return `\n${failing.join('')}${reasons.join('')}${counts}\n`
}
