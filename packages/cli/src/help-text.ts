import yargs, { type Argv } from 'yargs'
import type { Command, CommandGroup, Flag } from './command.js'
import { PLAIN } from './command-line.js'
import { version } from './host.js'

const WIDEST = 110

/**
 * What a command line that asks for help or the version gets. yargs lays it out, and is loaded for that alone: with what it
 * needs it takes 70 ms of CPU, more than a quarter of what a server takes until it is ready.
 */
export async function helpText(
  argv: readonly string[],
  commands: readonly (Command | CommandGroup)[],
  columns: number,
): Promise<string> {
  const parser = createParser(columns)
  addCommands(parser, commands, ['gorego'])
  let printed = ''
  await parser.parseAsync([...argv], {}, (_error, _parsed, output) => {
    printed = output
  })
  return printed
}

/** `above`: what is written before the commands' names. */
function addCommands(parser: Argv, commands: readonly (Command | CommandGroup)[], above: readonly string[]): void {
  for (const command of commands) {
    const path = [...above, command.name]
    parser.command({
      command: command.name,
      describe: command.summary,
      builder: (builder) => {
        if (!('commands' in command)) return describeCommand(builder, command, path.join(' '))
        addCommands(builder, command.commands, path)
        return builder
          .usage(`${path.join(' ')} COMMAND\n\n${command.summary}.`)
          .epilogue(`${path.join(' ')} COMMAND --help tells more about a command.`)
      },
      handler: () => {},
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

function describeFlag({ describe = '', defaultDescription }: Flag): string {
  return defaultDescription === undefined ? describe : `${describe} (default: ${defaultDescription})`
}

/** Not yargs' own: it squeezes a command line into half the width. */
function examples(command: Command): string {
  const lines = command.examples.flatMap(([commandLine, meaning]) => [`  ${commandLine}`, `      ${meaning}`])
  return ['Examples:', ...lines].join('\n')
}
