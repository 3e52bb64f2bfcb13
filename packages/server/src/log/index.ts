export { createLogger, type LoggerOptions, type LogSink } from './create-logger.js'
