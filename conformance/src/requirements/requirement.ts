/**
 * How strictly a requirement binds. `M`: the specification says must. `S`: it says should. `C`: real clients count on it.
 * `D`: it leaves the matter open, and this is our choice; another server may have made another one.
 */
export type Level = 'M' | 'S' | 'C' | 'D'

/** One demand of the protocol, by the id that tests, comments and decisions use. */
export interface Requirement {
  readonly id: string
  readonly level: Level
  /** In a sentence. */
  readonly says: string
}

export interface Section {
  readonly number: number
  readonly title: string
  readonly requirements: readonly Requirement[]
}
