import { ChangingTree } from '../content/changing-tree.js'
import { DistinctActions } from '../content/distinct-actions.js'
import { serverWorkload } from '../server-workload.js'
import { execute } from '../wire/execute.js'
import { uploadBlobs } from '../wire/upload.js'
import type { LoadWorkload } from '../workload.js'

/** The command looks at one file only: what grows is the server's work. */
export function growTree(files: number): LoadWorkload {
  return serverWorkload({
    name: `grow-tree-${files}`,
    about: `Execute \`grep\` in one of ${files.toLocaleString('en-US')} input files, which is another one each time`,
    clients: 4,
    async start(control) {
      const tree = new ChangingTree(files)
      await uploadBlobs(control, tree.blobs)
      const actions = new DistinctActions(control, (number) => tree.lookingAction(number))
      return {
        prepare: (from, to) => actions.prepare(from, to),
        perform: (connection, operation) => execute(connection, actions.request(operation), { cached: false }),
      }
    },
  })
}
