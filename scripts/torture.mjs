// `npm run torture -- [flags]`: servers that are killed, starved and lied to, as they are built and shipped.
import './lib/require-node.mjs'
import { runProgram } from './lib/run-program.mjs'

await runProgram('test/torture/main.ts')
