/** What a line of the log says beside its message, by name. */
export type LogFields = Readonly<Record<string, unknown>>

/** Where the engine says what happened. An embedding tool passes its own; the default says nothing. */
export interface Logger {
  debug(message: string, fields?: LogFields): void
  info(message: string, fields?: LogFields): void
  warn(message: string, fields?: LogFields): void
  error(message: string, fields?: LogFields): void
}

/** Keeps everything to itself. */
export const silentLogger: Logger = {
  debug() {},
  info() {},
  warn() {},
  error() {},
}
