// How long files may be: one concept each, that fits on a screen or three.

export const LONGEST = 400
export const LONGEST_MEDIAN = 120

/** What is wrong with the lengths of these files, `{ path, lines }`, as sentences; and their median. */
export function judgeLengths(files) {
  const lengths = files.map(({ lines }) => lines).sort((a, b) => a - b)
  const median = lengths[Math.floor(lengths.length / 2)] ?? 0
  const problems = files
    .filter(({ lines }) => lines > LONGEST)
    .map(({ path, lines }) => `${path} has ${lines} lines; none may have more than ${LONGEST}: divide it`)
  if (median > LONGEST_MEDIAN) problems.push(`the median of all files is ${median} lines; it may be ${LONGEST_MEDIAN}`)
  return { median, problems }
}
