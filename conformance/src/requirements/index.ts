import { executionSections } from './execution.js'
import { practiceSections } from './practice.js'
import type { Requirement, Section } from './requirement.js'
import { resultSections } from './results.js'
import { storageSections } from './storage.js'

export type { Level, Requirement, Section } from './requirement.js'

/** All sections in their order. */
export const sections: readonly Section[] = [
  ...storageSections,
  ...resultSections,
  ...executionSections,
  ...practiceSections,
]

const byId = new Map(sections.flatMap(({ requirements }) => requirements.map((each) => [each.id, each] as const)))

/** Throws for an id that is none: a case that names it would never be counted. */
export function requirement(id: string): Requirement {
  const found = byId.get(id)
  if (found === undefined) throw new Error(`there is no requirement ${id}`)
  return found
}
