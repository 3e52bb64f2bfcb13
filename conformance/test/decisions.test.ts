import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { sections } from '../src/requirements/index.js'

const decisions = fileURLToPath(new URL('../../docs/decisions/0008-protocol-choices.md', import.meta.url))

test('every choice that the protocol leaves to us is written down, with its reason', () => {
  const rows = readFileSync(decisions, 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('| '))
  const decided = new Set(rows.flatMap((row) => row.split('|')[1]?.match(/[A-Z]{2,3}-\d\d/g) ?? []))
  const ours = sections
    .flatMap(({ requirements }) => requirements)
    .filter(({ level, says }) => level === 'D' || /\bD\b/.test(says))
    .map(({ id }) => id)
  assert.ok(ours.length > 30)
  assert.equal(
    ours.filter((id) => !decided.has(id)),
    [],
  )
})

test.run()
