import { bazelrc } from './commands/bazelrc.js'
import { cache } from './commands/cache.js'
import { run } from './commands/run.js'
import { start } from './commands/start.js'
import { processHost } from './host.js'
import { parseArguments } from './parse-arguments.js'
import { EXIT } from './ui/exit-codes.js'
import { reportError } from './ui/report-error.js'

/** Does what the arguments say and resolves to the exit code. Never rejects. */
export async function main(argv: readonly string[]): Promise<number> {
  const host = processHost()
  try {
    const parsed = await parseArguments(argv, [start, run, bazelrc, cache], host.columns)
    if (parsed.kind === 'command') return await parsed.command.run(parsed.args, host)
    host.out(`${parsed.text}\n`)
    return EXIT.ok
  } catch (error) {
    return await reportError(error, host)
  }
}
