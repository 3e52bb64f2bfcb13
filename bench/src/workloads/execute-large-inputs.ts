import { randomUUID } from 'node:crypto'
import { reapi } from '@gorego/core'
import { buildAction } from '../content/build-action.js'
import { DistinctActions } from '../content/distinct-actions.js'
import { LargeUploads } from '../content/large-uploads.js'
import { serverWorkload } from '../server-workload.js'
import { writeBlob } from '../wire/byte-stream.js'
import { digestMessage } from '../wire/digest-message.js'
import { execute } from '../wire/execute.js'

export const executeLargeInputs = serverWorkload({
  name: 'execute-large-inputs',
  about: 'Execute /bin/true with four inputs of 64 MiB, always the same ones',
  clients: 4,
  full: true,
  async start(control) {
    const uploads = new LargeUploads()
    const inputs = new reapi.Directory()
    for (let number = 0; number < 4; number++) {
      const upload = uploads.make(number)
      await writeBlob(control, upload.messages, upload.sizeBytes)
      inputs.addFiles(new reapi.FileNode().setName(`input-${number}`).setDigest(digestMessage(upload)))
    }
    const run = randomUUID()
    const actions = new DistinctActions(control, (number) =>
      buildAction({ argv: ['/bin/true'], inputs, salt: `${run} ${number}` }),
    )
    return {
      prepare: (from, to) => actions.prepare(from, to),
      perform: (connection, operation) => execute(connection, actions.request(operation), { cached: false }),
    }
  },
})
