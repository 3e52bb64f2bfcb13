import { ChangingTree } from '../content/changing-tree.js'
import { DistinctActions } from '../content/distinct-actions.js'
import { serverWorkload } from '../server-workload.js'
import { execute } from '../wire/execute.js'
import { uploadBlobs } from '../wire/upload.js'

const FILES = 2000

export const executeTree = serverWorkload({
  name: 'execute-tree',
  about: 'Execute `find . -type f | wc -l` over 2,000 files in 100 directories, one file changed each time',
  clients: 4,
  async start(control) {
    const tree = new ChangingTree(FILES)
    await uploadBlobs(control, tree.blobs)
    const actions = new DistinctActions(control, (number) => tree.countingAction(number))
    return {
      prepare: (from, to) => actions.prepare(from, to),
      perform: (connection, operation) => execute(connection, actions.request(operation), { cached: false }),
    }
  },
})
