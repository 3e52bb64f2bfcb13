import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Arguments, Command, CommandGroup } from '../src/command.js'
import { parseArguments } from '../src/parse-arguments.js'
import { UsageError } from '../src/usage-error.js'

const build: Command = {
  name: 'build',
  usage: '[flags] -- CMD',
  summary: 'Build something',
  description: 'Builds it.',
  flags: {
    dir: { type: 'string', requiresArg: true, describe: 'Where', defaultDescription: 'here' },
    input: { type: 'string', array: true, requiresArg: true },
    'no-cache': { type: 'boolean', conflicts: 'refresh' },
    refresh: { type: 'boolean' },
    append: { type: 'string' },
    file: { type: 'string', requiresArg: true, alias: 'f' },
  },
  examples: [['gorego build -- true', 'true']],
  epilogue: 'The end.',
  takesCommandLine: true,
  run: async () => 0,
}
const clean: Command = { ...build, name: 'clean', flags: {}, takesCommandLine: false }

const show: Command = { ...clean, name: 'show', operands: { what: 'NAME', atLeast: 1, atMost: 2 } }

const tools: CommandGroup = { name: 'tools', summary: 'Tools', commands: [build, clean, show] }

async function parse(...argv: string[]): Promise<Arguments> {
  const parsed = await parseArguments(argv, [build, clean, tools], 100)
  if (parsed.kind === 'text') throw new Error(`printed: ${parsed.text}`)
  return parsed.args
}

async function complaint(...argv: string[]): Promise<string> {
  return await parse(...argv).then(
    () => assert.unreachable(`accepted: ${argv.join(' ')}`) as never,
    (error) => {
      assert.instance(error, UsageError)
      return error.message
    },
  )
}

test('values are text, as they were written', async () => {
  const args = await parse('build', '--dir', '007', '--input', 'a', '--input=b=1', '--no-cache', '--append')
  assert.is(args.text('dir'), '007')
  assert.equal(args.texts('input'), ['a', 'b=1'])
  assert.is(args.has('no-cache'), true)
  assert.is(args.has('refresh'), false)
  assert.is(args.text('append'), '')
  assert.equal(args.commandLine, [])
})

test('a flag has one other name at most, and its value is there by both', async () => {
  for (const spelling of [['--file', 'x'], ['-f', 'x'], ['-f=x'], ['--file=x']])
    assert.is((await parse('build', ...spelling)).text('file'), 'x')
  assert.is(await complaint('build', '-f'), '-f needs a value')
  assert.is(await complaint('build', '-f', 'x', '--file', 'y'), '--file is there twice')
})

test('flags may stand before the command where they carry their value', async () => {
  const args = await parse('--dir=x', 'build', '--input', 'a', '--', 'make')
  assert.is(args.text('dir'), 'x')
  assert.equal(args.texts('input'), ['a'])
  assert.is(await complaint('--dir', 'build'), '--dir needs a command before it')
})

test('what follows -- belongs to the command that is run, whatever it looks like', async () => {
  const args = await parse('build', '--', 'make', '--dir', '7', '--help', '--', '-x')
  assert.equal(args.commandLine, ['make', '--dir', '7', '--help', '--', '-x'])
  assert.is(args.text('dir'), undefined)
})

test('--help tells of flags, defaults and examples, --version of the version', async () => {
  const text = async (...argv: string[]) => {
    const parsed = await parseArguments(argv, [build, clean, tools], 100)
    return parsed.kind === 'text' ? parsed.text : ''
  }
  assert.match(await text('--help'), /gorego build {2}Build something/)
  assert.match(await text('build', '--help'), /--dir +Where \(default: here\)/)
  assert.match(await text('build', '-h'), 'Examples:\n  gorego build -- true\n      true\n\nThe end.')
  assert.match(await text('--version'), /^\d+\.\d+\.\d+/)
  assert.match(await text('help'), /gorego build {2}Build something/)
  assert.match(await text('build', 'help'), /--dir +Where/)
  assert.match(await text('build', '--dir', '--help'), /--dir +Where/)
  assert.match(await text('tools', 'clean', '--version'), /^\d+\.\d+\.\d+/)
})

test('mistakes are named, with what may have been meant', async () => {
  assert.is(await complaint(), 'which command? There are build, clean and tools')
  assert.is(await complaint('biuld'), 'unknown command "biuld"; did you mean "build"?')
  assert.is(await complaint('xyz'), 'unknown command "xyz"; there are build, clean and tools')
  assert.is(await complaint('--dir', 'x'), '--dir needs a command before it')
  assert.is(await complaint('build', '--dri', 'x'), 'unknown flag --dri; did you mean --dir?')
  assert.is(await complaint('build', '--noCache'), 'unknown flag --noCache; did you mean --no-cache?')
  assert.is(await complaint('build', '-x'), 'unknown flag -x')
  assert.match(await complaint('build', '--constructor', 'x'), 'unknown flag --constructor')
  assert.match(await complaint('build', '--help=false'), 'unknown flag --help')
  assert.is(await complaint('build', '--dir'), '--dir needs a value')
  assert.is(await complaint('build', '--dir', '--refresh'), '--dir needs a value')
  assert.is(await complaint('build', '--dir', 'a', '--dir', 'b'), '--dir is there twice')
  assert.is(await complaint('build', '--no-cache', '--refresh'), '--no-cache and --refresh exclude each other')
  assert.is(
    await complaint('build', 'make', 'all'),
    '"make" belongs to no flag; put -- before the command line: -- make …',
  )
  assert.is(await complaint('clean', 'all'), '"all" belongs to no flag')
  assert.is(await complaint('clean', '--', 'all'), 'gorego clean takes nothing behind --')
})

test('words that belong to no flag: as many as the command takes', async () => {
  assert.equal((await parse('tools', 'show', 'a', '007')).operands, ['a', '007'])
  assert.equal((await parse('tools', 'show', '1')).operands, ['1'])
  assert.is(await complaint('tools', 'show'), 'gorego tools show needs a word behind it: NAME')
  assert.is(await complaint('tools', 'show', 'a', 'b', 'c'), '"c" is one too many: gorego tools show takes NAME')
})

test('commands of a group are commands like others, called by two words', async () => {
  assert.is((await parse('tools', 'build', '--dir', 'x', '--', 'make')).text('dir'), 'x')
  assert.equal((await parse('tools', 'build', '--', 'make')).commandLine, ['make'])
  assert.is(await complaint('tools'), 'which command? There are build, clean and show')
  assert.is(await complaint('tools', 'biuld'), 'unknown command "biuld"; did you mean "build"?')
  assert.is(await complaint('tools', 'clean', 'all'), '"all" belongs to no flag')
  assert.is(await complaint('tools', 'clean', '--', 'all'), 'gorego tools clean takes nothing behind --')
  assert.is(await complaint('tools', '--dir', 'x'), '--dir needs a command before it')
  const help = await parseArguments(['tools', '--help'], [tools], 100)
  assert.match(
    help.kind === 'text' ? help.text : '',
    /^gorego tools COMMAND\n\nTools\.[\s\S]*gorego tools build +Build something/,
  )
  const inner = await parseArguments(['tools', 'build', '--help'], [tools], 100)
  assert.match(inner.kind === 'text' ? inner.text : '', /^gorego tools build \[?/)
})

test.run()
