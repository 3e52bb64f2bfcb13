import { equal, throws } from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import { Section } from '../src/report/section.js'

const inFile = (use: (path: string) => void) => () => {
  const directory = mkdtempSync(join(tmpdir(), 'bench-section-'))
  try {
    use(join(directory, 'document.md'))
  } finally {
    rmSync(directory, { recursive: true })
  }
}

test(
  'a section is replaced, again and again, and the rest of the file stays',
  inFile((path) => {
    writeFileSync(path, '# T\n<!-- bench run: begin -->\nold\n<!-- bench run: end -->\nafter\n')
    for (const line of ['new', 'newer']) {
      new Section(path, 'run').write([line])
      equal(readFileSync(path, 'utf8'), `# T\n<!-- bench run: begin -->\n\n${line}\n\n<!-- bench run: end -->\nafter\n`)
    }
  }),
)

test(
  'a file that is not there is made, and can be written again',
  inFile((path) => {
    for (const line of ['one', 'two']) {
      new Section(path, 'curves').write([line])
      equal(readFileSync(path, 'utf8'), `<!-- bench curves: begin -->\n\n${line}\n\n<!-- bench curves: end -->\n`)
    }
  }),
)

test(
  'a file without such a section is refused before anything is measured',
  inFile((path) => {
    writeFileSync(path, '# T\n')
    throws(() => new Section(path, 'run'), /has no lines "<!-- bench run: begin -->"/)
  }),
)

test.run()
