import type { Arguments, Command, CommandGroup } from '../command.js'
import { placesOf } from '../completion/completions.js'
import { forBash } from '../completion/for-bash.js'
import { forFish } from '../completion/for-fish.js'
import { forZsh } from '../completion/for-zsh.js'
import type { Host } from '../host.js'
import { EXIT } from '../ui/exit-codes.js'
import { UsageError } from '../usage-error.js'

const SHELLS = new Map([
  ['bash', forBash],
  ['zsh', forZsh],
  ['fish', forFish],
])

/** `all`: the table of commands, which this one is part of. */
export function createCompletion(all: () => readonly (Command | CommandGroup)[]): Command {
  return {
    name: 'completion',
    usage: 'bash|zsh|fish',
    summary: 'Print what makes a shell complete command lines',
    description: 'Prints a script that makes a shell complete the commands and flags of gorego.',
    flags: {},
    operands: { what: 'bash, zsh or fish', atLeast: 1, atMost: 1 },
    examples: [
      ['source <(gorego completion bash)', 'in ~/.bashrc'],
      ['source <(gorego completion zsh)', 'in ~/.zshrc, behind compinit'],
      ['gorego completion fish > ~/.config/fish/completions/gorego.fish', 'once'],
    ],
    epilogue: 'The script is made of this version’s commands, and starts nothing.',
    takesCommandLine: false,
    async run(args: Arguments, { out }: Host): Promise<number> {
      const [shell = ''] = args.operands
      const script = SHELLS.get(shell)
      if (script === undefined)
        throw new UsageError(`${JSON.stringify(shell)} is none of bash, zsh and fish`, 'gorego completion --help')
      out(script(placesOf(all())))
      return EXIT.ok
    },
  }
}
