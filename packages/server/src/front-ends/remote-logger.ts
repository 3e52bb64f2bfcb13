import type { LogFields, Logger } from '@gorego/core'
import type { LogLevel } from '../config/index.js'
import type { Channel } from './channel.js'

const LEVELS: readonly LogLevel[] = ['debug', 'info', 'warn', 'error']

/** A line of a log on its way to the process that writes it. */
export interface LogLine {
  readonly level: LogLevel
  readonly message: string
  readonly fields?: LogFields
}

/** Has the other end of the channel log what is of that weight or more. */
export function remoteLogger(channel: Channel, least: LogLevel): Logger {
  const at = (level: LogLevel) => (message: string, fields?: LogFields) => {
    if (LEVELS.indexOf(level) < LEVELS.indexOf(least)) return
    const line: LogLine = { level, message, ...(fields === undefined ? {} : { fields: plain(fields) }) }
    channel.tell('log', line)
  }
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
}

/** JSON says nothing of errors. */
function plain(fields: LogFields): LogFields {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [name, value instanceof Error ? textOf(value) : value]),
  )
}

/** With where it was thrown, and why. */
function textOf({ stack, message, cause }: Error): string {
  return [stack ?? message, ...(cause instanceof Error ? [`caused by: ${textOf(cause)}`] : [])].join('\n')
}
