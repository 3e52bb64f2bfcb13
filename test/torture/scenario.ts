/** What a scenario found out. */
export interface Figures {
  /** What was counted, by what it is: `rounds`, `acknowledged blobs`, `lost blobs` … in the order of the table. */
  readonly numbers: Readonly<Record<string, number>>
  /** Whatever should not have happened, a sentence each. Empty is good. */
  readonly problems: readonly string[]
}

export interface Run {
  /** The same seed makes the same choices; what processes then make of them is theirs. */
  readonly seed: number
  /** How often the scenario does what it does. */
  readonly rounds: number
  /** A line for whoever watches. */
  readonly log: (line: string) => void
}

/** One way to treat a server badly: real processes, real files, and a promise that must hold all the same. */
export interface Scenario {
  /** In kebab-case: `--only` takes it, or the beginning of it. */
  readonly name: string
  /** One line: what is done, and what must hold. */
  readonly about: string
  /** How many rounds `npm run torture` makes; tests ask for fewer. */
  readonly rounds: number
  /** Throws only for what makes the rest of it pointless; everything else is one of the problems. */
  run(run: Run): Promise<Figures>
}
