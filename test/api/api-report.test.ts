import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { temporaryDirectory } from '@gorego/core/testing'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { apiReports } from './api-report.js'

/** The report of an entry point that says `export … from './thing.js'` of these sources. */
function reportOf(exported: string, thing: string) {
  using directory = temporaryDirectory()
  const write = (name: string, text: string) => writeFileSync(join(directory.path, name), text)
  const compilerOptions = {
    target: 'ES2022',
    module: 'NodeNext',
    moduleResolution: 'NodeNext',
    strict: true,
    types: [],
  }
  write('tsconfig.base.json', JSON.stringify({ compilerOptions }))
  write('package.json', '{ "type": "module" }')
  write('thing.ts', thing)
  write('index.ts', `export ${exported} from './thing.js'\n`)
  const [report] = apiReports({ repository: directory.path, entries: [join(directory.path, 'index.ts')] })
  assert.ok(report)
  return report
}

test('a class is told without its comments, bodies and private members', () => {
  const { declarations } = reportOf(
    '{ Thing }',
    `/** A thing. */
export class Thing {
  readonly #hidden = 1
  private also = 2
  /** Says it. */
  say(loud: boolean): string { return loud ? String(this.#hidden) : String(this.also) }
}
`,
  )
  assert.is(declarations.get('Thing'), 'export declare class Thing {\n    say(loud: boolean): string;\n}')
})

test('types that nobody wrote are told, too, and all forms of a function', () => {
  const { declarations } = reportOf(
    '*',
    `export function twice(value: string): string
export function twice(value: number): number
export function twice(value: never) { return value }
export const answer = () => 42
`,
  )
  assert.equal(
    [...declarations],
    [
      ['answer', 'export declare const answer: () => number;'],
      [
        'twice',
        'export declare function twice(value: string): string;\nexport declare function twice(value: number): number;',
      ],
    ],
  )
})

test('what has no comment is named', () => {
  const { undocumented } = reportOf(
    '*',
    '/** Said. */\nexport const said = 1\n// Not for importers.\nexport const unsaid = 2\n',
  )
  assert.equal(undocumented, ['unsaid'])
})

test('a namespace is told by the names in it', () => {
  const { declarations, undocumented } = reportOf('* as things', 'export const b = 1\nexport type A = string\n')
  assert.is(declarations.get('things'), 'namespace things {\n    A\n    b\n}')
  assert.equal(undocumented, [])
})

test.run()
