import type { Command, CommandGroup } from './command.js'
import { bazelrc } from './commands/bazelrc.js'
import { cache } from './commands/cache.js'
import { ops } from './commands/ops.js'
import { run } from './commands/run.js'
import { start } from './commands/start.js'

/** All that `gorego` can do, in the order of its help. */
export const COMMANDS: readonly (Command | CommandGroup)[] = [start, run, bazelrc, ops, cache]
