// The command line program from its sources: what bin/gorego.js does, without a build.
import { main } from '../src/main.js'

process.exitCode = await main(process.argv.slice(2))
