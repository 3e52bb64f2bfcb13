/** What of an action a difference is in. */
export type DifferenceKind =
  | 'argument'
  | 'variable'
  | 'working-directory'
  | 'output'
  | 'platform'
  | 'timeout'
  | 'caching'
  | 'salt'
  | 'input'

/** One thing that is not alike in two actions. Plain data, made for people to read. */
export interface Difference {
  readonly kind: DifferenceKind
  /** Which one: a path in the input root, the name of a variable or property, the place of an argument (from 0); empty where there is one only. */
  readonly subject: string
  /** What the first action has; absent where it has nothing. A file is `file HASH/SIZE`, followed by what is special about it. */
  readonly before?: string
  /** What the second action has; absent where it has nothing. */
  readonly after?: string
}

/** What came of a comparison. Without differences, parts that are unknown and `truncated`, the actions are the same. */
export interface Comparison {
  /** In the order: command, platform, the Action's own fields, inputs by path. */
  readonly differences: readonly Difference[]
  /** There are more differences than were asked for, or more to look at than is reasonable. */
  readonly truncated: boolean
  /** What could not be compared, and why: sentences. Blobs that were evicted, say. */
  readonly unknown: readonly string[]
}

/** Values come from clients, and can be megabytes. */
const LONGEST_VALUE = 1000

/** Gathers what differs, up to a bound. */
export class Findings {
  readonly #differences: Difference[] = []
  readonly #unknown: string[] = []
  readonly #most: number
  #truncated = false

  constructor(most: number) {
    this.#most = most
  }

  /** Nothing more will be taken: whoever looks for more can stop. */
  get full(): boolean {
    return this.#truncated
  }

  /** Says nothing where both sides are the same. */
  compare(kind: DifferenceKind, subject: string, before: string | undefined, after: string | undefined): void {
    if (before === after) return
    if (this.#differences.length >= this.#most) this.truncate()
    else {
      this.#differences.push({
        kind,
        subject: shorten(subject),
        ...(before === undefined ? {} : { before: shorten(before) }),
        ...(after === undefined ? {} : { after: shorten(after) }),
      })
    }
  }

  /** A part that nothing can be said of, as a sentence. */
  unknown(sentence: string): void {
    if (this.#unknown.length < this.#most) this.#unknown.push(sentence)
  }

  truncate(): void {
    this.#truncated = true
  }

  get comparison(): Comparison {
    return { differences: this.#differences, truncated: this.#truncated, unknown: this.#unknown }
  }
}

function shorten(text: string): string {
  return text.length <= LONGEST_VALUE ? text : `${text.slice(0, LONGEST_VALUE)}… (${text.length} characters)`
}
