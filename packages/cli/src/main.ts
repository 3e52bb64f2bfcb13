import { COMMANDS } from './commands.js'
import { processHost } from './host.js'
import { calledBy, parseArguments } from './parse-arguments.js'
import { EXIT } from './ui/exit-codes.js'
import { reportError } from './ui/report-error.js'

/** Does what the arguments say and resolves to the exit code. Never rejects. */
export async function main(argv: readonly string[]): Promise<number> {
  // Warnings for those who write programs, which also come for what our dependencies do. Users cannot help either.
  process.noDeprecation = true
  const host = processHost()
  try {
    const parsed = await parseArguments(argv, COMMANDS, host.columns)
    if (parsed.kind === 'command') return await parsed.command.run(parsed.args, host)
    host.out(`${parsed.text}\n`)
    return EXIT.ok
  } catch (error) {
    return await reportError(error, host, calledBy(argv, COMMANDS))
  }
}

/**
 * Ends the process as soon as whoever reads what it printed has all of it. Without being told to it might stay: grpc-js leaves a
 * connection open that was given up before the server said anything.
 */
export async function leave(code: number): Promise<never> {
  const { stdout, stderr } = process
  await Promise.all([stdout, stderr].map((stream) => new Promise((resolve) => stream.write('', resolve))))
  process.exit(code)
}
