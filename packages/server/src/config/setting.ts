import type { Kind } from './kinds.js'
import type { Surroundings } from './surroundings.js'

/** The flags of `gorego start` that stand for a setting, without their dashes. */
export type ConfigFlag = 'listen' | 'insecure' | 'dir' | 'concurrency' | 'idle-timeout' | 'log-level'

export interface Setting<T> {
  readonly kind: Kind<NonNullable<T>>
  readonly fallback: (surroundings: Surroundings) => T
  /** The default as a person reads it, where it is not just the value. */
  readonly fallbackText?: string
  readonly flag?: ConfigFlag
  /** A flag that puts this setting back to its default, whatever the file and the environment say. */
  readonly resetBy?: ConfigFlag
  /** For docs/configuration.md. */
  readonly about: string
}

/** A part of the table, of the shape of what it sets. */
export type SettingsOf<Section> = {
  readonly [K in keyof Section]: Section[K] extends readonly unknown[]
    ? Setting<Section[K]>
    : Section[K] extends object
      ? SettingsOf<Section[K]>
      : Setting<Section[K]>
}

/** Timers go no further than 2³¹ ms. */
export const LONGEST_TIMEOUT_S = 2_000_000
