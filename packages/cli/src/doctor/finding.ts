export type Level = 'ok' | 'warn' | 'fail'

/** What one check came to. */
export interface Finding {
  /** What was looked at, in a word or two. */
  readonly about: string
  readonly level: Level
  readonly message: string
  /** What to do about it. */
  readonly nextStep?: string
}
