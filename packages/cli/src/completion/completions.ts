import type { Command, CommandGroup } from '../command.js'

/** A word that may come next, and what it means. */
export interface Completion {
  readonly word: string
  readonly meaning: string
  /** Of a flag: whether a value follows, for which file names are offered. */
  readonly takesValue: boolean
}

/** What may come behind `gorego` and these words: commands, or the flags of one. */
export interface Place {
  readonly path: readonly string[]
  /** Of commands, so one of them is what has to come. */
  readonly isGroup: boolean
  readonly completions: readonly Completion[]
}

/** Every place in a command line of gorego where words are known, from the table of commands. */
export function placesOf(commands: readonly (Command | CommandGroup)[], path: readonly string[] = []): Place[] {
  const names = commands.map(({ name, summary }) => ({ word: name, meaning: summary, takesValue: false }))
  const below = commands.flatMap((command) => {
    const inside = [...path, command.name]
    return 'commands' in command ? placesOf(command.commands, inside) : [flagsOf(command, inside)]
  })
  return [{ path, isGroup: true, completions: [...names, HELP] }, ...below]
}

const HELP: Completion = { word: '--help', meaning: 'Show this', takesValue: false }

function flagsOf({ flags }: Command, path: readonly string[]): Place {
  const completions = Object.entries(flags).map(([name, { describe = '', type }]) => ({
    word: `--${name}`,
    meaning: String(describe),
    takesValue: type === 'string',
  }))
  return { path, isGroup: false, completions: [...completions, HELP] }
}

/** In single quotes, as all three shells take them. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}
