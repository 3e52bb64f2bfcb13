/**
 * In milliseconds: longer than anything takes that a test waits for, on however slow and busy a machine. It only ends what would
 * hang; the runner of the tests gives a whole file more.
 */
export const HANG_BOUND_MS = 5 * 60_000
