import { rejects } from 'node:assert/strict'
import { type ErrorCode, GoregoError } from '../errors/index.js'

/** Any test runner's way to add a test: uvu's or node:test's `test`, vitest's or Jest's `it`. */
export type RegisterTest = (name: string, run: () => Promise<void>) => unknown

/** Fails unless the promise is rejected with a GoregoError of that code. */
export async function rejectsWith(code: ErrorCode, promise: Promise<unknown>): Promise<void> {
  await rejects(promise, (error) => error instanceof GoregoError && error.code === code)
}
