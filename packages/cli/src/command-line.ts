import yargsParser from 'yargs-parser'
import type { Flag } from './command.js'

/** The plain reading of a command line: values stay text, every flag has one spelling, nothing is guessed. */
export const PLAIN = {
  'boolean-negation': false,
  'camel-case-expansion': false,
  'dot-notation': false,
  'greedy-arrays': false,
  'parse-numbers': false,
  'parse-positional-numbers': false,
  'populate--': true,
  'short-option-groups': false,
}

/** A command line, taken apart. */
export interface CommandLine {
  /** By name, and by its other name as well where it has one. Without a name that is known, too: then with what follows as the value. */
  readonly flags: Readonly<Record<string, unknown>>
  /** What is no flag's: commands, and what they work on. */
  readonly words: readonly string[]
  /** What follows `--`. */
  readonly behind: readonly string[]
  /** The flag that has no value, and needs one. */
  readonly lacking: string | undefined
  /** Whether the help or the version is to be printed, and nothing else done. */
  readonly asksForText: boolean
}

/** Takes a command line apart; `flags` are those that are known. */
export function readCommandLine(argv: readonly string[], flags: Readonly<Record<string, Flag>>): CommandLine {
  const named = (is: (flag: Flag) => boolean) => Object.keys(flags).filter((name) => is(flags[name] as Flag))
  const { argv: read, error } = yargsParser.detailed([...argv], {
    string: named(({ type }) => type === 'string'),
    boolean: ['help', 'version', ...named(({ type }) => type === 'boolean')],
    array: named(({ array }) => array === true),
    // One or more, which without greedy arrays is one.
    narg: Object.fromEntries(named(({ requiresArg }) => requiresArg === true).map((name) => [name, Number.NaN])),
    alias: {
      help: 'h',
      ...Object.fromEntries(named(({ alias }) => alias !== undefined).map((name) => [name, flags[name]?.alias ?? []])),
    },
    configuration: PLAIN,
  })
  const { _: words, '--': behind = [], ...given } = read
  return {
    flags: given,
    words: words.map(String),
    behind: behind.map(String),
    lacking: error ? lackingFlag(error) : undefined,
    asksForText: Boolean(given.help) || Boolean(given.version) || words.at(-1) === 'help',
  }
}

/** The one complaint that the parser has, with flags such as ours. */
function lackingFlag(error: Error): string {
  const name = /^Not enough arguments following: (\S+)$/.exec(error.message)?.[1]
  if (name === undefined) throw error
  return name
}
