import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { COMMANDS } from '../src/commands.js'
import { parseArguments } from '../src/parse-arguments.js'
import { EXIT_MEANINGS } from '../src/ui/exit-codes.js'
import { LoadLines } from '../src/ui/load-lines.js'

const DOCUMENT = fileURLToPath(new URL('../../../docs/cli.md', import.meta.url))
const WIDTH = 110

const called = COMMANDS.flatMap((command) =>
  'commands' in command ? command.commands.map(({ name }) => [command.name, name]) : [[command.name]],
)

for (const path of called) {
  test(`docs/cli.md has the help of ${path.join(' ')}`, async () => {
    const parsed = await parseArguments([...path, '--help'], COMMANDS, WIDTH)
    assert.is(parsed.kind, 'text')
    check(`help of ${path.join(' ')}`, `\`\`\`\n${parsed.kind === 'text' ? parsed.text : ''}\n\`\`\``)
  })
}

test('docs/cli.md has the exit codes', () => {
  const rows = EXIT_MEANINGS.map(([code, meaning]) => `| ${code} | ${meaning} |`)
  check('exit codes', ['| code | meaning |', '| --- | --- |', ...rows].join('\n'))
})

test('docs/cli.md has the live view of start', () => {
  const load = new LoadLines(8)
  const kept = { blobs: 48_210, bytes: 12.3e9, maxBytes: 50e9 }
  load.lines({ running: 0, queued: 0, completed: 900, cached: 600, failed: 0, ...kept }, 0)
  const lines = load.lines({ running: 5, queued: 12, completed: 1042, cached: 730, failed: 1, ...kept }, 10_000)
  check('live view', ['```', ...lines, '```'].join('\n'))
})

/** Compares what stands between two marks of the document; or, if so asked, writes it there. */
function check(section: string, expected: string): void {
  const between = new RegExp(`(?<=<!-- ${section}: begin -->\n)[\\s\\S]*(?=\n<!-- ${section}: end -->)`)
  const text = readFileSync(DOCUMENT, 'utf8')
  if (process.env.GOREGO_TEST_UPDATE_DOCS)
    writeFileSync(
      DOCUMENT,
      text.replace(between, () => expected),
    )
  else
    assert.is(between.exec(text)?.[0], expected, 'run this test with GOREGO_TEST_UPDATE_DOCS=1 to update docs/cli.md')
}

test.run()
