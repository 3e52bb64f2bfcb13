import yargs, { type Argv, type Options } from 'yargs'
import { Arguments, type Command, type CommandGroup } from './command.js'
import { version } from './host.js'
import { UsageError } from './usage-error.js'

export type ParsedArguments =
  | { readonly kind: 'command'; readonly command: Command; readonly args: Arguments }
  /** Help or the version: to be printed, and that is all. */
  | { readonly kind: 'text'; readonly text: string }

const WIDEST = 110

/** What yargs calls an argument that is not a flag's, and what it collects behind `--`. */
const POSITIONAL = '_'
const BEHIND_DASHES = '--'

/** The plain reading of a command line: values stay text, every flag has one spelling, nothing is guessed. */
const PLAIN = {
  'boolean-negation': false,
  'camel-case-expansion': false,
  'dot-notation': false,
  'greedy-arrays': false,
  'parse-numbers': false,
  'parse-positional-numbers': false,
  'populate--': true,
  'short-option-groups': false,
}

type Parsed = Readonly<Record<string, unknown>>

/** The command, or the group, that a command line begins with: `gorego cas get`. */
export function calledBy(argv: readonly string[], commands: readonly (Command | CommandGroup)[]): string {
  const called = ['gorego']
  let among: readonly (Command | CommandGroup)[] = commands
  for (const word of argv) {
    const found = among.find(({ name }) => name === word)
    if (found === undefined) break
    called.push(found.name)
    among = 'commands' in found ? found.commands : []
  }
  return called.join(' ')
}

interface Chosen {
  readonly command: Command
  /** How it is called: gorego cache stat. */
  readonly path: readonly string[]
  readonly parsed: Parsed
}

/** Throws a UsageError for a command line that makes no sense. */
export async function parseArguments(
  argv: readonly string[],
  commands: readonly (Command | CommandGroup)[],
  columns: number,
): Promise<ParsedArguments> {
  let chosen: Chosen | undefined
  let printed = ''
  const parser = createParser(columns)
  addCommands(parser, commands, ['gorego'], (choice) => {
    chosen = choice
  })
  const parsed: Parsed = await parser.parseAsync([...argv], {}, (_error, _parsed, output) => {
    printed = output
  })
  if (printed !== '') return { kind: 'text', text: printed }
  if (chosen === undefined) throw await noCommand(parsed, commands)
  return { kind: 'command', command: chosen.command, args: await readArguments(chosen) }
}

/** `above`: what is written before the commands' names. */
function addCommands(
  parser: Argv,
  commands: readonly (Command | CommandGroup)[],
  above: readonly string[],
  choose: (chosen: Chosen) => void,
): void {
  for (const command of commands) {
    const path = [...above, command.name]
    parser.command({
      command: command.name,
      describe: command.summary,
      builder: (builder) => {
        if (!('commands' in command)) return describeCommand(builder, command, path.join(' '))
        addCommands(builder, command.commands, path, choose)
        return builder
          .usage(`${path.join(' ')} COMMAND\n\n${command.summary}.`)
          .epilogue(`${path.join(' ')} COMMAND --help tells more about a command.`)
      },
      handler: (parsed) => {
        if (!('commands' in command)) choose({ command, path, parsed })
      },
    })
  }
}

function createParser(columns: number): Argv {
  const parser = yargs()
    .scriptName('gorego')
    .locale('en')
    .exitProcess(false)
    .parserConfiguration(PLAIN)
    .wrap(Math.min(columns, WIDEST))
    .usage('gorego COMMAND\n\nA Bazel Remote Execution API server and cache on one machine.')
    .help('help', 'Show this')
    .alias('help', 'h')
    .version('version', 'Show the version', version())
    .epilogue('gorego COMMAND --help tells more about a command.')
    .fail((message, error) => {
      // yargs throws some of its complaints, and says others; anything else was thrown by code of ours.
      throw error === undefined || error.name === 'YError'
        ? new UsageError(fromYargs(error?.message ?? message))
        : error
    })
  // @types/yargs does not have it yet.
  return (parser as Argv & { usageConfiguration(how: object): Argv }).usageConfiguration({ 'hide-types': true })
}

function describeCommand(builder: Argv, command: Command, called: string): Argv {
  const flags = Object.entries(command.flags).map(([name, flag]) => [
    name,
    { group: 'Options:', ...flag, describe: describeFlag(flag) },
  ])
  return builder
    .usage(`${called} ${command.usage}\n\n${command.description}`)
    .options(Object.fromEntries(flags))
    .epilogue([examples(command), command.epilogue].join('\n\n'))
}

function describeFlag({ describe = '', defaultDescription }: Options): string {
  return defaultDescription === undefined ? String(describe) : `${describe} (default: ${defaultDescription})`
}

/** Not yargs' own: it squeezes a command line into half the width. */
function examples(command: Command): string {
  const lines = command.examples.flatMap(([commandLine, meaning]) => [`  ${commandLine}`, `      ${meaning}`])
  return ['Examples:', ...lines].join('\n')
}

async function noCommand(
  parsed: Parsed,
  commands: readonly (Command | CommandGroup)[],
  above: readonly string[] = ['gorego'],
): Promise<UsageError> {
  const seeAlso = `${above.join(' ')} --help`
  const name = (parsed[POSITIONAL] as string[])[above.length - 1]
  const group = commands.find((command): command is CommandGroup => command.name === name && 'commands' in command)
  if (group !== undefined) return await noCommand(parsed, group.commands, [...above, group.name])
  const names = commands.map((command) => command.name)
  const all = `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`
  if (name !== undefined) {
    const hint = (await didYouMean(name, names)) ?? `; there are ${all}`
    return new UsageError(`unknown command ${JSON.stringify(name)}${hint}`, seeAlso)
  }
  const flag = Object.keys(parsed).find((key) => key !== POSITIONAL && key !== BEHIND_DASHES && key !== '$0')
  if (flag !== undefined) return new UsageError(`${dashed(flag)} needs a command before it`, seeAlso)
  return new UsageError(`which command? There are ${all}`, seeAlso)
}

/** Checks what yargs would let pass: unknown flags, flags given twice, words that belong to no flag. */
async function readArguments({ command, path, parsed }: Chosen): Promise<Arguments> {
  const seeAlso = `${path.join(' ')} --help`
  const { $0: _program, [POSITIONAL]: words, [BEHIND_DASHES]: commandLine = [], ...flags } = parsed
  const aliases = new Set(Object.values(command.flags).flatMap(({ alias = [] }) => alias))
  for (const [name, value] of Object.entries(flags)) {
    // yargs has it by its name as well.
    if (aliases.has(name)) continue
    const flag = command.flags[name]
    if (flag === undefined) {
      const hint = (await didYouMean(name, Object.keys(command.flags), dashed)) ?? ''
      throw new UsageError(`unknown flag ${dashed(name)}${hint}`, seeAlso)
    }
    if (Array.isArray(value) && flag.array !== true) throw new UsageError(`${dashed(name)} is there twice`, seeAlso)
  }
  const given = (words as string[]).slice(path.length - 1)
  const { what = '', atLeast = 0, atMost = 0 } = command.operands ?? {}
  if (given.length < atLeast) throw new UsageError(`${path.join(' ')} needs a word behind it: ${what}`, seeAlso)
  const surplus = given[atMost]
  if (surplus !== undefined) {
    const hint = command.takesCommandLine ? `; put -- before the command line: -- ${surplus} …` : ''
    const many = atMost > 0 ? `is one too many: ${path.join(' ')} takes ${what}` : 'belongs to no flag'
    throw new UsageError(`${JSON.stringify(surplus)} ${many}${hint}`, seeAlso)
  }
  const behind = (commandLine as unknown[]).map(String)
  if (behind.length > 0 && !command.takesCommandLine) {
    throw new UsageError(`${path.join(' ')} takes nothing behind --`, seeAlso)
  }
  return new Arguments(flags, behind, given)
}

/** Loaded only for a command line that is wrong: the server's package is not small. */
async function didYouMean(
  name: string,
  known: readonly string[],
  show: (name: string) => string = JSON.stringify,
): Promise<string | undefined> {
  const { nearest } = await import('@gorego/server')
  const meant = nearest(name, known)
  return meant === undefined ? undefined : `; did you mean ${show(meant)}?`
}

function dashed(name: string): string {
  return name.length === 1 ? `-${name}` : `--${name}`
}

/** The messages of yargs that a person can run into, in the words of the others here. */
function fromYargs(message: string): string {
  const lacking = /^Not enough arguments following: (\S+)$/.exec(message)?.[1]
  if (lacking !== undefined) return `${dashed(lacking)} needs a value`
  const [, one, other] = /^Arguments (\S+) and (\S+) are mutually exclusive$/.exec(message) ?? []
  if (one !== undefined && other !== undefined) return `${dashed(one)} and ${dashed(other)} exclude each other`
  return message
}
