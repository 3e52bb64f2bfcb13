export { type ErrorCode, type ErrorDetail, GoregoError, type GoregoErrorOptions } from './gorego-error.js'
