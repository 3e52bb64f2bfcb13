import { GoregoError } from '@gorego/core'

/** One thing that is wrong. */
export interface ConfigProblem {
  /** `file:line`, the variable or the flag. */
  readonly where: string
  readonly message: string
}

/** The configuration cannot be used; all that is wrong with it at once. */
export class ConfigError extends GoregoError {
  override readonly name = 'ConfigError'
  readonly problems: readonly ConfigProblem[]

  constructor(problems: readonly ConfigProblem[]) {
    const lines = problems.map(({ where, message }) => `${where}: ${message}`)
    super(
      'invalid-argument',
      lines.length === 1 ? `${lines}` : [`the configuration has ${lines.length} problems:`, ...lines].join('\n  '),
    )
    this.problems = problems
  }
}
