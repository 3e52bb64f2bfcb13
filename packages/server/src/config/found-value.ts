import type { ConfigProblem } from './config-error.js'
import type { SettingEntry } from './settings.js'

/** A value that a source gives to a setting. */
export interface FoundValue {
  readonly entry: SettingEntry
  readonly value: unknown
}

/** What a file, the environment or the command line has to say. */
export interface Findings {
  readonly values: readonly FoundValue[]
  readonly problems: readonly ConfigProblem[]
}
