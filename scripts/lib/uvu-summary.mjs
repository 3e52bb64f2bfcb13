// What a test file printed, as numbers.

const esc = String.fromCharCode(27)
const ansi = new RegExp(`${esc}\\[[0-9;?]*[A-Za-z]`, 'g')

/**
 * Reads uvu's closing lines and our own `SKIP name: reason` and `FIGURE what: how much` lines. `ran` is false if uvu never got to its end.
 *
 * A test that finds at run time that it cannot do its work prints SKIP and returns, which uvu counts as passed:
 * such tests are moved from `passed` to `skipped`. One made with test.skip is in uvu's count already.
 */
export function parseSummary(output) {
  const text = output.replace(ansi, '').replaceAll('\r\n', '\n')
  const totals = numbersAfter(text, 'Total')
  const passed = sum(numbersAfter(text, 'Passed'))
  const skippedByUvu = sum(numbersAfter(text, 'Skipped'))
  const reasons = linesOfOurs(text, 'SKIP')
  const skippedInside = Math.min(passed, Math.max(0, reasons.length - skippedByUvu))
  return {
    ran: totals.length > 0,
    total: sum(totals),
    passed: passed - skippedInside,
    failed: sum(totals) - passed,
    skipped: skippedByUvu + skippedInside,
    reasons,
    figures: linesOfOurs(text, 'FIGURE'),
  }
}

// uvu's dots stand before them, on the same line.
const linesOfOurs = (text, word) =>
  [...text.matchAll(new RegExp(`(?:^|[ \\t])(${word} [^\\n:]+: [^\\n]+)$`, 'gm'))].map((match) => match[1].trim())

const numbersAfter = (text, word) =>
  [...text.matchAll(new RegExp(`^[ \\t]*${word}:[ \\t]+(\\d+)[ \\t]*$`, 'gm'))].map((match) => Number(match[1]))

const sum = (numbers) => numbers.reduce((a, b) => a + b, 0)
