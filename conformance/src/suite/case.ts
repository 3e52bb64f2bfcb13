import { requirement } from '../requirements/index.js'
import type { Tester } from './tester.js'

export interface CaseOptions {
  /** Takes a minute or so: left out unless asked for. */
  readonly slow?: boolean
  /** Overrides how the ids weigh: for the part of a requirement that the specification leaves open. */
  readonly level?: 'M' | 'S' | 'C' | 'D'
}

export interface Case extends CaseOptions {
  readonly ids: readonly string[]
  readonly title: string
  readonly run: (t: Tester) => Promise<void>
}

const TITLE = /^((?:[A-Z]{2,3}-\d\d, )*[A-Z]{2,3}-\d\d): (.+)$/

/** The cases of one file, in the order in which they are written. */
export class Cases {
  readonly all: Case[] = []
  readonly #first: (t: Tester) => void

  /** `first`: done at the beginning of every case, for what all of them need: `new Cases((t) => t.needsExecution())`. */
  constructor(first: (t: Tester) => void = () => {}) {
    this.#first = first
  }

  /** `title` begins with the ids of the requirements that the case tries: `BW-05, BW-15: …`. */
  readonly test = (title: string, run: (t: Tester) => Promise<void>, options: CaseOptions = {}): void => {
    const [, ids, text] = TITLE.exec(title) ?? []
    if (ids === undefined || text === undefined) throw new Error(`no ids at the beginning of the title "${title}"`)
    const list = ids.split(', ')
    for (const id of list) requirement(id)
    const whole = async (t: Tester) => {
      this.#first(t)
      await run(t)
    }
    this.all.push({ ...options, ids: list, title: text, run: whole })
  }
}
