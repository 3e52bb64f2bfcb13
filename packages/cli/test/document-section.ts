import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import * as assert from 'uvu/assert'

export interface DocumentSection {
  /** Below `docs`. */
  readonly document: string
  /** What its two marks name it. */
  readonly section: string
  readonly expected: string
  /** What of a text has to be the same. Default: all of it. */
  readonly shapeOf?: (text: string) => string
}

/** Compares what stands between two marks of a document; or, if so asked, writes it there. */
export function checkSection({ document, section, expected, shapeOf = (text) => text }: DocumentSection): void {
  const path = fileURLToPath(new URL(`../../../docs/${document}`, import.meta.url))
  const between = new RegExp(`(?<=<!-- ${section}: begin -->\n)[\\s\\S]*?(?=\n?<!-- ${section}: end -->)`)
  const text = readFileSync(path, 'utf8')
  const there = between.exec(text)?.[0]
  assert.ok(there !== undefined, `docs/${document} has no place for ${section}`)
  if (process.env.GOREGO_TEST_UPDATE_DOCS)
    writeFileSync(
      path,
      text.replace(between, () => expected),
    )
  else
    assert.is(
      shapeOf(there ?? ''),
      shapeOf(expected),
      `run this test with GOREGO_TEST_UPDATE_DOCS=1 to update docs/${document}`,
    )
}
