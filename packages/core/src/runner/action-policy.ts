/** What an operator decides about every action, whoever asks for it. Plain data: it goes to the runners. */
export interface ActionPolicy {
  /** Whether symbolic links may have absolute targets, in inputs and in outputs (CP-05, DR-07). */
  readonly absoluteSymlinks: 'allowed' | 'disallowed'
  /**
   * Refuse what the protocol lets a server refuse: lists that are not in canonical order (DR-03, DR-04, CM-04, PL-05), and
   * a working directory that is not among the inputs (CM-08).
   */
  readonly strict: boolean
  /** What a command may write to stdout, and as much to stderr, in bytes; beyond that it is stopped. */
  readonly maxPrintedBytes: number
  /** Say in ExecutedActionMetadata.auxiliary_metadata what an action used. Some clients stumble over what they do not know. */
  readonly reportResources: boolean
}

/** What actions may do unless somebody says otherwise. */
export const DEFAULT_POLICY: ActionPolicy = {
  absoluteSymlinks: 'allowed',
  strict: false,
  maxPrintedBytes: 256e6,
  reportResources: false,
}
