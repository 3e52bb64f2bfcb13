/** The command line makes no sense. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
  /** Where more is to be learnt: `gorego start --help`. */
  readonly seeAlso: string | undefined

  constructor(message: string, seeAlso?: string) {
    super(message)
    this.seeAlso = seeAlso
  }
}
