import type { Command, CommandGroup } from './command.js'
import { ac } from './commands/ac.js'
import { bazelrc } from './commands/bazelrc.js'
import { bench } from './commands/bench.js'
import { cache } from './commands/cache.js'
import { cas } from './commands/cas.js'
import { createCompletion } from './commands/completion.js'
import { doctor } from './commands/doctor.js'
import { ops } from './commands/ops.js'
import { run } from './commands/run.js'
import { start } from './commands/start.js'
import { verifyDeterminism } from './commands/verify-determinism.js'
import { why } from './commands/why.js'

const completion = createCompletion(() => COMMANDS)

/** All that `gorego` can do, in the order of its help. */
export const COMMANDS: readonly (Command | CommandGroup)[] = [
  start,
  run,
  bazelrc,
  ops,
  cas,
  ac,
  cache,
  why,
  verifyDeterminism,
  doctor,
  bench,
  completion,
]
