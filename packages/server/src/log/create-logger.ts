import type { LogFields, Logger } from '@gorego/core'
import { type LoggerOptions as PinoOptions, pino, stdSerializers, stdTimeFunctions } from 'pino'
import type { LogLevel } from '../config/index.js'
import { readableLine } from './readable-line.js'

/** Where lines go: a stream, or whatever else takes text. */
export interface LogSink {
  write(text: string): unknown
}

/** Where a log goes, in which form, and from which level on. */
export interface LoggerOptions {
  readonly level: LogLevel
  readonly sink: LogSink
  /** `json`: one object a line, for machines. `text`: for a person at a terminal. */
  readonly format: 'json' | 'text'
  /** Only for `text`. */
  readonly colours?: boolean
}

/** Fields of these names, and headers of these names in a field, are never written. */
const SECRETS = [
  'authorization',
  'cookie',
  'password',
  'secret',
  'token',
  'apiKey',
  'api_key',
  'privateKey',
  'private_key',
]

const PINO: PinoOptions = {
  // The time in words, and neither pid nor host: whatever collects the lines of many processes knows whose they are.
  timestamp: stdTimeFunctions.isoTime,
  base: null,
  formatters: { level: (label) => ({ level: label }) },
  redact: { paths: SECRETS.flatMap((name) => [name, `*.${name}`]), censor: '[not logged]' },
}

/** A Logger on top of pino. Fields that are errors are written with their stack, and their causes'. */
export function createLogger({ level, sink, format, colours = false }: LoggerOptions): Logger {
  const stream = format === 'json' ? sink : { write: (line: string) => sink.write(readableLine(line, { colours })) }
  const target = pino({ ...PINO, level }, { write: (line: string) => void stream.write(line) })
  return {
    debug: (message, fields) => target.debug(writable(fields), message),
    info: (message, fields) => target.info(writable(fields), message),
    warn: (message, fields) => target.warn(writable(fields), message),
    error: (message, fields) => target.error(writable(fields), message),
  }
}

/** JSON has no errors, and these names are pino's own. */
function writable(fields: LogFields = {}): LogFields {
  const written: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(fields)) {
    const safeName = name === 'level' || name === 'time' || name === 'msg' ? `${name}_` : name
    written[safeName] = value instanceof Error ? stdSerializers.err(value) : value
  }
  return written
}
