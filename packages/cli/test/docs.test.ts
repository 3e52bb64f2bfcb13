import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { COMMANDS } from '../src/commands.js'
import { parseArguments } from '../src/parse-arguments.js'
import { EXIT_MEANINGS } from '../src/ui/exit-codes.js'
import { LoadLines } from '../src/ui/load-lines.js'
import { checkSection } from './document-section.js'

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

function check(section: string, expected: string): void {
  checkSection({ document: 'cli.md', section, expected })
}

test.run()
