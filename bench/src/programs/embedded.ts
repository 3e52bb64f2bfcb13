/** Embeds the engine as a build tool would: `embedded.ts DIRECTORY CLIENTS`. */
import { LocalExecutor } from '@gorego/core'
import { serveLoops } from '../process/serve-loops.js'

const [directory = '', clients = ''] = process.argv.slice(2)
const executor = await LocalExecutor.open({ root: directory })

serveLoops(Number(clients), async (number) => {
  const { exitCode, cached } = await executor.run({ argv: ['/bin/echo', 'hello'], salt: String(number) })
  if (exitCode !== 0 || cached) throw new Error(`exit code ${exitCode}${cached ? ', cached' : ''}`)
})
