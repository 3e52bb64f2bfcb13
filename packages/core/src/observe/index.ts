export { type Clock, systemClock, wakefulClock } from './clock.js'
export { type LogFields, type Logger, silentLogger } from './logger.js'
