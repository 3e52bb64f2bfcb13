// `npm run bench -- [arguments]`: the benchmarks, against the packages as they are built and shipped.
import './lib/require-node.mjs'
import { runProgram } from './lib/run-program.mjs'

await runProgram('bench/src/main.ts')
