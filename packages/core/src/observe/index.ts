export { type Clock, systemClock } from './clock.js'
export { type LogFields, type Logger, silentLogger } from './logger.js'
