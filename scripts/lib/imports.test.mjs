import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { importsOf } from './imports.mjs'

const values = (text) =>
  importsOf(text)
    .filter((one) => !one.typesOnly)
    .map((one) => one.specifier)
const types = (text) =>
  importsOf(text)
    .filter((one) => one.typesOnly)
    .map((one) => one.specifier)

test('sees every form of import and export', () => {
  const text = [
    `import a from 'a'`,
    `import * as b from 'b'`,
    `import c, { d } from 'c'`,
    `import {\n  e,\n  f as g,\n} from 'e'`,
    `import 'h'`,
    `export { i } from 'i'`,
    `export * from 'j'`,
    `const lazy = await import('k')`,
    `const old = require('l')`,
  ].join('\n')
  assert.equal(values(text), ['a', 'b', 'c', 'e', 'h', 'i', 'j', 'k', 'l'])
})

test('tells types from values', () => {
  const text = [
    `import type { A } from 'a'`,
    `import { type B, type C } from 'b'`,
    `import { type D, e } from 'd'`,
    `export type { F } from 'f'`,
    `type G = typeof import('g')`,
  ].join('\n')
  assert.equal(types(text), ['a', 'b', 'f', 'g'])
  assert.equal(values(text), ['d'])
})

test('is not misled by other words that look like it', () => {
  const text = [
    `// import a from 'a'`,
    ` * import('b')`,
    `export const from = 'c'`,
    `export function parse(text, from = 'd') {}`,
    `export const shards = Array.from('e')`,
    "const program = `await import('f')`",
  ].join('\n')
  assert.equal(importsOf(text), [])
})

test('says where', () => {
  assert.equal(importsOf(`\n\nimport a from 'a'\n`), [{ specifier: 'a', typesOnly: false, line: 3 }])
})

test.run()
