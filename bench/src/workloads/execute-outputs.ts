import { randomUUID } from 'node:crypto'
import { buildAction } from '../content/build-action.js'
import { DistinctActions } from '../content/distinct-actions.js'
import { MIB } from '../content/large-uploads.js'
import { serverWorkload } from '../server-workload.js'
import { execute } from '../wire/execute.js'

const FILES = 500
const LARGE_FILE_BYTES = 32 * MIB

const small = Array.from({ length: FILES }, (_, n) => `small/${String(n).padStart(3, '0')}`)

// Every file is another one in every action: its first line says which. Only builtins, except for one `head`.
const WRITE_FILES = `
for n in 0 1 2 3 4; do for m in 0 1 2 3 4 5 6 7 8 9; do for k in 0 1 2 3 4 5 6 7 8 9; do
  echo "$1 $n$m$k" > small/$n$m$k
done; done; done
{ echo "$1"; head -c ${LARGE_FILE_BYTES} /dev/zero; } > large`

export const executeOutputs = serverWorkload({
  name: 'execute-outputs',
  about: `Execute an action that writes ${FILES} small files and one of 32 MiB, all of them new`,
  clients: 4,
  full: true,
  async start(control) {
    const run = randomUUID()
    const actions = new DistinctActions(control, (number) =>
      buildAction({
        argv: ['/bin/sh', '-ec', WRITE_FILES, 'sh', `${run} ${number}`],
        path: '/usr/bin:/bin',
        outputs: ['large', ...small],
      }),
    )
    return {
      prepare: (from, to) => actions.prepare(from, to),
      perform: (connection, operation) =>
        execute(connection, actions.request(operation), { cached: false, outputFiles: FILES + 1 }),
    }
  },
})
