// The command line program from its sources: what bin/gorego.js does, without a build.
import { leave, main } from '../src/main.js'

await leave(await main(process.argv.slice(2)))
