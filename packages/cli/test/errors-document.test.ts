import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { ErrorCode } from '@gorego/core'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { exitCodeOf } from '../src/ui/exit-codes.js'

const document = fileURLToPath(new URL('../../../docs/errors.md', import.meta.url))

test('docs/errors.md: what gorego exits with for each code', () => {
  const rows = [...readFileSync(document, 'utf8').matchAll(/^\| `([a-z-]+)` \| [A-Z_]+ \| (\d+) \|/gm)]
  assert.ok(rows.length > 10)
  for (const [, code, exit] of rows) assert.is(Number(exit), exitCodeOf(code as ErrorCode), code)
})

test.run()
