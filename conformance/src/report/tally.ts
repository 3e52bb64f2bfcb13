import { notApplicable } from '../not-applicable.js'
import { type Requirement, type Section, sections } from '../requirements/index.js'
import type { Outcome, Verdict } from '../suite/outcome.js'

/** What became of one requirement: the worst of its cases; with none that was tried, the reason. */
export interface RequirementTally extends Requirement {
  readonly verdict: Verdict
  readonly cases: readonly Outcome[]
  readonly why?: string
}

export interface SectionTally extends Pick<Section, 'number' | 'title'> {
  readonly requirements: readonly RequirementTally[]
}

const WORST: readonly Verdict[] = ['failed', 'short', 'differs', 'passed', 'not-applicable']

/** Sorts outcomes by requirement. `chosen`: the ids that were asked for. */
export function tally(outcomes: readonly Outcome[], chosen: (id: string) => boolean): SectionTally[] {
  return sections
    .map(({ number, title, requirements }) => ({
      number,
      title,
      requirements: requirements.filter(({ id }) => chosen(id)).map((each) => tallyOne(each, outcomes)),
    }))
    .filter(({ requirements }) => requirements.length > 0)
}

function tallyOne(requirement: Requirement, outcomes: readonly Outcome[]): RequirementTally {
  const cases = outcomes.filter(({ ids }) => ids.includes(requirement.id))
  const verdict = WORST.find((worst) => cases.some((outcome) => outcome.verdict === worst)) ?? 'not-applicable'
  const why =
    verdict === 'not-applicable'
      ? (notApplicable[requirement.id] ?? cases[0]?.why ?? 'its cases take long, and were not asked for (--slow)')
      : cases.find((outcome) => outcome.verdict === verdict)?.why
  return { ...requirement, verdict, cases, ...(why === undefined ? {} : { why }) }
}
