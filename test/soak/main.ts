/** `npm run soak`: exits with 1 if anything went wrong, was left, or grew. */
import { parseArgs } from 'node:util'
import { soak } from './soak.js'

const USAGE = `Usage: npm run soak -- [flags]

  --minutes N      how long; 10 if not given
  --front-ends N   how many processes speak gRPC; 1 if not given
  --backing        with another gorego as the cache behind, which is killed every half minute
  --seed N         the choices of another run again
`

/** Beyond it, more of the same. */
const PROBLEMS_SHOWN = 20
const PROBLEM_LENGTH = 500

const print = (line: string) => process.stdout.write(`${line}\n`)
const row = (name: string, value: string) => print(`  ${name.padEnd(52)}${value.padStart(16)}`)
const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`

try {
  const { values } = parseArgs({
    args: process.argv.slice(2).filter((arg, n) => arg !== '--' || n > 0),
    options: {
      help: { type: 'boolean', default: false },
      minutes: { type: 'string', default: '10' },
      'front-ends': { type: 'string', default: '1' },
      backing: { type: 'boolean', default: false },
      seed: { type: 'string', default: String(Math.floor(Math.random() * 2 ** 32)) },
    },
  })
  if (values.help) process.stdout.write(USAGE)
  else {
    const minutes = positive('--minutes', values.minutes)
    const frontEnds = positive('--front-ends', values['front-ends'])
    await report({ minutes, frontEnds, backing: values.backing, seed: Number(values.seed) })
  }
} catch (error) {
  process.stderr.write(`soak: ${(error as Error).message}\n`)
  process.exitCode = 1
}

interface Run {
  readonly minutes: number
  readonly frontEnds: number
  readonly backing: boolean
  readonly seed: number
}

async function report({ minutes, frontEnds, backing, seed }: Run) {
  print(`soak: ${minutes} minutes, ${frontEnds} front end(s)${backing ? ', a cache behind' : ''}, --seed ${seed}`)
  const {
    numbers,
    problems: found,
    courses,
  } = await soak({
    seconds: minutes * 60,
    frontEnds,
    backing,
    seed,
    log: (line) => print(`  ${line}`),
  })
  const problems = [...found]
  for (const [name, value] of Object.entries(numbers)) row(name, value.toLocaleString('en-US'))
  for (const [name, { before, after, isFlat }] of Object.entries(courses)) {
    row(`${name}, second third`, megabytes(before))
    row(`${name}, last third`, megabytes(after))
    if (!isFlat) problems.push(`the ${name} grew from ${megabytes(before)} to ${megabytes(after)}`)
  }
  row('problems', String(problems.length))
  for (const problem of problems.slice(0, PROBLEMS_SHOWN)) print(`  PROBLEM ${problem.slice(0, PROBLEM_LENGTH)}`)
  if (problems.length > 0) process.exitCode = 1
}

function positive(name: string, text: string): number {
  const number = Number(text)
  if (number > 0 && Number.isFinite(number)) return number
  throw new Error(`${name} ${text}: want a number above 0`)
}
