import { Arguments, type Command, type CommandGroup, type Flag } from './command.js'
import { type CommandLine, readCommandLine } from './command-line.js'
import { UsageError } from './usage-error.js'

export type ParsedArguments =
  | { readonly kind: 'command'; readonly command: Command; readonly args: Arguments }
  /** Help or the version: to be printed, and that is all. */
  | { readonly kind: 'text'; readonly text: string }

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

/** How far the words of a command line lead. */
interface Place {
  /** How what is there is called: gorego cache stat. */
  readonly path: readonly string[]
  /** Commands that may follow. */
  readonly among: readonly (Command | CommandGroup)[]
  /** Absent where one is still to be named. */
  readonly command: Command | undefined
  /** As it reads with the command's flags. */
  readonly line: CommandLine
}

/** Throws a UsageError for a command line that makes no sense. */
export async function parseArguments(
  argv: readonly string[],
  commands: readonly (Command | CommandGroup)[],
  columns: number,
): Promise<ParsedArguments> {
  const { path, among, command, line } = follow(argv, commands)
  if (line.asksForText) {
    const { helpText } = await import('./help-text.js')
    return { kind: 'text', text: await helpText(argv, commands, columns) }
  }
  if (command === undefined) throw await noCommand(line, among, path)
  return { kind: 'command', command, args: await readArguments(line, command, path) }
}

/** Which words are a command's name depends on which flags have values, and that on the command. */
function follow(argv: readonly string[], commands: readonly (Command | CommandGroup)[]): Place {
  const path = ['gorego']
  let among = commands
  const line = readCommandLine(argv, {})
  for (;;) {
    const found = among.find(({ name }) => name === line.words[path.length - 1])
    if (found === undefined) return { path, among, command: undefined, line }
    path.push(found.name)
    if (!('commands' in found)) return { path, among: [], command: found, line: readCommandLine(argv, found.flags) }
    among = found.commands
  }
}

async function noCommand(
  { flags, words }: CommandLine,
  among: readonly (Command | CommandGroup)[],
  path: readonly string[],
): Promise<UsageError> {
  const seeAlso = `${path.join(' ')} --help`
  const name = words[path.length - 1]
  const names = among.map((command) => command.name)
  const all = `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`
  if (name !== undefined) {
    const hint = (await didYouMean(name, names)) ?? `; there are ${all}`
    return new UsageError(`unknown command ${JSON.stringify(name)}${hint}`, seeAlso)
  }
  const [flag] = Object.keys(flags)
  if (flag !== undefined) return new UsageError(`${dashed(flag)} needs a command before it`, seeAlso)
  return new UsageError(`which command? There are ${all}`, seeAlso)
}

async function readArguments(line: CommandLine, command: Command, path: readonly string[]): Promise<Arguments> {
  const called = path.join(' ')
  const seeAlso = `${called} --help`
  const { flags, behind, lacking } = line
  if (lacking !== undefined) throw new UsageError(`${dashed(lacking)} needs a value`)
  const clash = clashing(flags, command.flags)
  if (clash !== undefined) throw new UsageError(`${clash.map(dashed).join(' and ')} exclude each other`)
  const aliases = new Set(Object.values(command.flags).map(({ alias }) => alias))
  for (const [name, value] of Object.entries(flags)) {
    // It is there by its name as well.
    if (aliases.has(name)) continue
    if (!Object.hasOwn(command.flags, name)) {
      const hint = (await didYouMean(name, Object.keys(command.flags), dashed)) ?? ''
      throw new UsageError(`unknown flag ${dashed(name)}${hint}`, seeAlso)
    }
    if (Array.isArray(value) && command.flags[name]?.array !== true)
      throw new UsageError(`${dashed(name)} is there twice`, seeAlso)
  }
  const given = line.words.slice(path.length - 1)
  const { what = '', atLeast = 0, atMost = 0 } = command.operands ?? {}
  if (given.length < atLeast) throw new UsageError(`${called} needs a word behind it: ${what}`, seeAlso)
  const surplus = given[atMost]
  if (surplus !== undefined) {
    const hint = command.takesCommandLine ? `; put -- before the command line: -- ${surplus} …` : ''
    const many = atMost > 0 ? `is one too many: ${called} takes ${what}` : 'belongs to no flag'
    throw new UsageError(`${JSON.stringify(surplus)} ${many}${hint}`, seeAlso)
  }
  if (behind.length > 0 && !command.takesCommandLine) throw new UsageError(`${called} takes nothing behind --`, seeAlso)
  return new Arguments(flags, behind, given)
}

/** Two flags that are there and exclude each other. */
function clashing(given: CommandLine['flags'], known: Readonly<Record<string, Flag>>): [string, string] | undefined {
  for (const [name, { conflicts = [] }] of Object.entries(known)) {
    const other = [conflicts].flat().find((one) => given[one] !== undefined)
    if (given[name] !== undefined && other !== undefined) return [name, other]
  }
  return undefined
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
