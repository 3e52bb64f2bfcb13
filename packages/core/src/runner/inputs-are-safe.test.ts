import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { SandboxSetup } from '../sandbox/index.js'
import { areInputsSafe } from './inputs-are-safe.js'

const OTHER = 65534
const sandbox = {} as SandboxSetup
const user = (uid: number, exclusive: boolean) => ({ uid, gid: uid, exclusive })

test('inputs are safe from another user in a sandbox, and from one that the slot has for itself', () => {
  assert.is(areInputsSafe({ user: user(OTHER, false), sandbox }), true)
  assert.is(areInputsSafe({ user: user(OTHER, true), sandbox: undefined }), true)
})

test('inputs are not safe from whoever runs gorego, from root, or from a user of several slots that sees all of the machine', () => {
  assert.is(areInputsSafe({ user: undefined, sandbox }), false)
  assert.is(areInputsSafe({ user: user(process.geteuid?.() ?? 0, true), sandbox }), false)
  assert.is(areInputsSafe({ user: user(0, true), sandbox }), false)
  assert.is(areInputsSafe({ user: user(OTHER, false), sandbox: undefined }), false)
})

test.run()
