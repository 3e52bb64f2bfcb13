import type { Host } from './host.js'

/** One of `gorego`'s commands: what --help says of it, and what it does. */
export interface Command {
  readonly name: string
  /** What follows the name in the first line of the help. */
  readonly usage: string
  /** One line for the list of commands. */
  readonly summary: string
  /** What it does, as the help of the command says it. */
  readonly description: string
  /** By name, without dashes. */
  readonly flags: Readonly<Record<string, Flag>>
  readonly examples: readonly (readonly [commandLine: string, meaning: string])[]
  /** Below everything else in the help. */
  readonly epilogue: string
  /** Whether a command line follows after `--`. */
  readonly takesCommandLine: boolean
  /** The words that may follow its name, without dashes; absent where there are none. */
  readonly operands?: Operands
  /** Resolves to the exit code. */
  run(args: Arguments, host: Host): Promise<number>
}

/** A flag of a command: with a value, or there or not. */
export interface Flag {
  readonly type: 'string' | 'boolean'
  /** Absent where the name says it all. */
  readonly describe?: string
  /** What holds without it, for the help. */
  readonly defaultDescription?: string
  /** Whether it is nothing without a value. */
  readonly requiresArg?: boolean
  /** Whether it may be there several times. */
  readonly array?: boolean
  /** Another name, of one letter. */
  readonly alias?: string
  /** Flags that it cannot be there with. */
  readonly conflicts?: string | readonly string[]
  /** The heading that it has in the help, if not that of most. */
  readonly group?: string
}

export interface Operands {
  /** What one is called in the help: NAME. */
  readonly what: string
  readonly atLeast: number
  readonly atMost: number
}

/** Commands that belong together: `gorego cache stat`. */
export interface CommandGroup {
  readonly name: string
  /** One line for the list of commands. */
  readonly summary: string
  readonly commands: readonly Command[]
}

/** What was written after the command's name. Values are text, as written; commands know what they want. */
export class Arguments {
  readonly #flags: Readonly<Record<string, unknown>>
  /** What follows `--`. */
  readonly commandLine: readonly string[]
  /** The words that belong to no flag. */
  readonly operands: readonly string[]

  constructor(
    flags: Readonly<Record<string, unknown>>,
    commandLine: readonly string[],
    operands: readonly string[] = [],
  ) {
    this.#flags = flags
    this.commandLine = commandLine
    this.operands = operands
  }

  /** Whether a flag without a value, such as --json, is there. */
  has(name: string): boolean {
    return this.#flags[name] === true
  }

  /** The value of a flag, if it was given. */
  text(name: string): string | undefined {
    const value = this.#flags[name]
    return typeof value === 'string' ? value : undefined
  }

  /** The values of a flag that may be given several times. */
  texts(name: string): readonly string[] {
    const values = this.#flags[name]
    return Array.isArray(values) ? values.map(String) : []
  }
}
