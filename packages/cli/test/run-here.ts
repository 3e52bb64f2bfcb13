import { EventEmitter } from 'node:events'
import { COMMANDS } from '../src/commands.js'
import type { Host } from '../src/host.js'
import { calledBy, parseArguments } from '../src/parse-arguments.js'
import { reportError } from '../src/ui/report-error.js'
import { type Finished, GOREGO, type Machine } from './cli-process.js'

const COLUMNS = 110

/**
 * Runs gorego in this process, where it starts much sooner, as if it were that machine's: for commands that end by themselves.
 * With `isTerminal`, standard error is one, and standard output is not.
 */
export async function runHere(
  { cwd, home }: Pick<Machine, 'cwd' | 'home'>,
  argv: readonly string[],
  env: Readonly<Record<string, string>> = {},
  { isTerminal = false }: { readonly isTerminal?: boolean } = {},
): Promise<Finished> {
  const printed = { stdout: '', stderr: '' }
  const host: Host = {
    surroundings: {
      env: { PATH: process.env.PATH, GOREGO_EXECUTION_SANDBOX: 'none', ...env },
      cwd,
      home,
      platform: process.platform,
    },
    program: GOREGO,
    signals: new EventEmitter(),
    columns: COLUMNS,
    err: {
      isTerminal,
      hasColours: false,
      columns: isTerminal ? COLUMNS : 0,
      write: (text) => {
        printed.stderr += text
      },
    },
    // Progress is shown at once.
    patienceMs: 0,
    ask: async () => undefined,
    out: (text) => {
      printed.stdout += text
    },
    outIsTerminal: false,
    outHasColours: false,
    async hand(chunk, to) {
      printed[to] += Buffer.from(chunk).toString()
    },
    async pass(chunks, to) {
      const decoder = new TextDecoder()
      for await (const chunk of chunks) printed[to] += decoder.decode(chunk, { stream: true })
    },
    exit: (code) => {
      throw new Error(`it wanted to leave with ${code}`)
    },
  }
  return { code: await codeOf(argv, host), ...printed }
}

async function codeOf(argv: readonly string[], host: Host): Promise<number> {
  try {
    const parsed = await parseArguments(argv, COMMANDS, host.columns)
    if (parsed.kind === 'command') return await parsed.command.run(parsed.args, host)
    host.out(parsed.text)
    return 0
  } catch (error) {
    return await reportError(error, host, calledBy(argv, COMMANDS))
  }
}
