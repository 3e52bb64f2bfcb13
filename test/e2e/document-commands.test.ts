// The commands that the documents show are there, with the flags that they are shown with.
import { execFile } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type DocumentCommand, documentCommands } from './document-commands.js'

const run = promisify(execFile)
const repository = fileURLToPath(new URL('../../', import.meta.url))
const program = `${repository}packages/cli/bin/gorego.js`

const markdownIn = (directory: string) =>
  readdirSync(repository + directory)
    .filter((name) => name.endsWith('.md'))
    .map((name) => (directory === '.' ? name : `${directory}/${name}`))
const readmesIn = (directory: string) =>
  readdirSync(repository + directory)
    .map((name) => `${directory}/${name}/README.md`)
    .filter((path) => existsSync(repository + path))
const documents = [
  ...['.', 'docs', 'docs/decisions', 'conformance'].flatMap(markdownIn),
  ...['packages', 'examples'].flatMap(readmesIn),
]
const commandsOf = (...programs: string[]) => documents.flatMap((path) => documentCommands(repository, path, programs))

/** Flags of a command line, up to where those of another program begin. */
function flagsOf(words: readonly string[]): string[] {
  const end = words.indexOf('--')
  const own = end === -1 ? words : words.slice(0, end)
  return own.filter((word) => /^--[a-z]/.test(word)).map((word) => word.split('=')[0] ?? '')
}

/** What a server prints, which begins with its name, too. */
const isOutput = (words: readonly string[]) => words.slice(0, 3).join(' ') === 'gorego ready on'

const knows = (help: string, flag: string) => new RegExp(`${flag}(?![\\w-])`).test(help)

const told = ({ where, words }: DocumentCommand) => `${where}: ${words.join(' ')}`

const test = suite('commands in documents')

test('npm run: the script is there, and knows the flags', async () => {
  const { scripts } = JSON.parse(readFileSync(`${repository}package.json`, 'utf8')) as {
    scripts: Record<string, string>
  }
  const commands = commandsOf('npm').filter(({ words }) => words[1] === 'run')
  const wrong = commands.filter(({ words }) => !((words[2] ?? '') in scripts)).map(told)
  assert.equal(wrong, [])
  assert.ok(commands.length > 20)
  const help = new Map<string, string>()
  for (const name of ['bench', 'conformance', 'soak', 'torture']) {
    help.set(name, (await run(process.execPath, [`${repository}scripts/${name}.mjs`, '--help'])).stdout)
  }
  const unknown = commands.flatMap((command) => {
    const text = help.get(command.words[2] ?? '')
    const flags = command.words.slice(command.words.indexOf('--') + 1).filter((word) => /^--[a-z]/.test(word))
    return text === undefined
      ? []
      : flags.filter((flag) => flag !== '--help' && !knows(text, flag)).map((flag) => `${flag} in ${told(command)}`)
  })
  assert.equal(unknown, [])
})

test('npm test -- FILTER: there are such tests', () => {
  // What scripts/lib/test-files.mjs finds, which lies beyond a boundary.
  const paths = ['packages', 'examples', 'bench', 'conformance', 'test', 'scripts'].flatMap(testsBelow)
  const commands = commandsOf('npm').filter(({ words }) => words[1] === 'test' && words[2] === '--')
  assert.ok(commands.length > 5)
  const empty = commands.flatMap((command) =>
    command.words
      .slice(3)
      .filter((filter) => /^[\w./-]+$/.test(filter) && !paths.some((path) => path.includes(filter)))
      .map((filter) => `${filter} in ${told(command)}`),
  )
  assert.equal(empty, [])
})

test('gorego: the command is there, and knows the flags', async () => {
  const commands = commandsOf('gorego', 'npx')
    .map(({ where, words }) => ({ where, words: words[0] === 'npx' ? words.slice(1) : words }))
    .filter(({ words }) => words[0] === 'gorego' && /^[a-z]/.test(words[1] ?? '') && !isOutput(words))
  assert.ok(commands.length > 20)
  const help = new Map<string, Promise<string>>()
  const wrong: string[] = []
  for (const command of commands) {
    const words = command.words.slice(1)
    const firstOther = words.findIndex((word) => !/^[a-z][a-z-]*$/.test(word))
    // At most two words name a command (`cache gc`); what follows a command of one word are its arguments.
    const names = words.slice(0, firstOther === -1 ? words.length : firstOther).slice(0, 2)
    const text = await helpOf(names, help)
    if (text === undefined) wrong.push(`no such command in ${told(command)}`)
    else for (const flag of flagsOf(words)) if (!knows(text, flag)) wrong.push(`${flag} in ${told(command)}`)
  }
  assert.equal(wrong, [])
})

function testsBelow(directory: string): string[] {
  return readdirSync(repository + directory, { withFileTypes: true }).flatMap((entry) => {
    const path = `${directory}/${entry.name}`
    if (entry.isDirectory()) return entry.name === 'node_modules' || entry.name === 'dist' ? [] : testsBelow(path)
    return /\.test\.(ts|mjs|js)$/.test(path) ? [path] : []
  })
}

/** The help of a command, or of the one whose argument the last word is. */
async function helpOf(names: readonly string[], known: Map<string, Promise<string>>): Promise<string | undefined> {
  for (let count = names.length; count > 0; count--) {
    const asked = names.slice(0, count)
    const key = asked.join(' ')
    if (!known.has(key))
      known.set(
        key,
        run(process.execPath, [program, ...asked, '--help']).then(
          ({ stdout }) => stdout,
          () => '',
        ),
      )
    const text = (await known.get(key)) ?? ''
    if (text.startsWith(`gorego ${key} `) || text.startsWith(`gorego ${key}\n`)) return text
  }
  return undefined
}

test.run()
