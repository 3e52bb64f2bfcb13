import type { Verdict } from '../suite/outcome.js'
import type { RequirementTally, SectionTally } from './tally.js'

const COLUMNS: readonly { readonly verdict: Verdict; readonly title: string }[] = [
  { verdict: 'passed', title: 'passed' },
  { verdict: 'failed', title: 'failed' },
  { verdict: 'short', title: 'short' },
  { verdict: 'differs', title: 'differs' },
  { verdict: 'not-applicable', title: 'not tried' },
]

/** The counts of requirements by section, as Markdown, and below it a line for each that did not pass. */
export function table(sections: readonly SectionTally[]): string {
  const titleWidth = Math.max(...sections.map(({ title }) => title.length + 4))
  const head = ['section'.padEnd(titleWidth), 'ids', ...COLUMNS.map(({ title }) => title)]
  const rows = [...sections.map(row), total(sections)].map(([title = '', ...counts]) => [
    title.padEnd(titleWidth),
    ...counts.map((count, n) => count.padStart(head[n + 1]?.length ?? 0)),
  ])
  const rule = head.map((cell, n) => (n === 0 ? '-'.repeat(cell.length) : `${'-'.repeat(cell.length - 1)}:`))
  const lines = [head, rule, ...rows].map((cells) => `| ${cells.join(' | ')} |`)
  return [...lines, '', ...sections.flatMap(({ requirements }) => requirements).flatMap(remark)].join('\n')
}

function row({ number, title, requirements }: SectionTally): string[] {
  return [`${String(number).padStart(2)}  ${title}`, ...counts(requirements)]
}

function total(sections: readonly SectionTally[]): string[] {
  return ['    all', ...counts(sections.flatMap(({ requirements }) => requirements))]
}

function counts(requirements: readonly RequirementTally[]): string[] {
  const count = (wanted: Verdict) => requirements.filter(({ verdict }) => verdict === wanted).length
  return [requirements.length, ...COLUMNS.map(({ verdict }) => count(verdict))].map((n) => (n === 0 ? '–' : String(n)))
}

function remark({ id, level, verdict, why, cases }: RequirementTally): string[] {
  if (verdict === 'passed') return []
  const label = verdict === 'not-applicable' ? 'not tried' : verdict
  if (verdict === 'not-applicable') return [`${id.padEnd(7)} ${level}  ${label}: ${why}`]
  return cases
    .filter((outcome) => outcome.verdict === verdict)
    .map((outcome) => `${id.padEnd(7)} ${level}  ${label}: ${outcome.title}\n            ${outcome.why ?? ''}`)
}
