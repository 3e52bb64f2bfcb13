// `npm run soak -- [flags]`: a server under a mixed load for as long as you like, as it is built and shipped.
import './lib/require-node.mjs'
import { runProgram } from './lib/run-program.mjs'

await runProgram('test/soak/main.ts')
