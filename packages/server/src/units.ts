/** In bytes. */
export const MB = 1e6
/** In bytes. */
export const GB = 1e9
/** In milliseconds. */
export const MINUTE_MS = 60_000
