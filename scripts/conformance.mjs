// `npm run conformance -- [arguments]`: the conformance suite, against the packages as they are built and shipped or,
// with --remote, against any other server.
import './lib/require-node.mjs'
import { runProgram } from './lib/run-program.mjs'

await runProgram('conformance/src/main.ts', { conditions: ['gorego-source'] })
