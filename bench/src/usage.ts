import { tmpdir } from 'node:os'
import type { Workload } from './workload.js'

interface Listed {
  readonly name: string
  readonly about: string
}

export function usage(workloads: readonly Workload[], curves: readonly Listed[]): string {
  const list = workloads.map(
    ({ name, clients, about, full }) =>
      `  ${name.padEnd(22)}${String(clients).padStart(3)}  ${about}${full ? ' (--full)' : ''}`,
  )
  return `Usage: npm run bench -- [flags]

  --seconds N       how long each workload is measured (3)
  --rounds N        how often all of it is done; tables show the median, JSON has every round (1)
  --only a,b,…      workloads by name, or by the beginning of their names
  --full            the longer ones, too
  --curves          how cost grows, instead of the workloads; with --only those of these names
  --points N        only the first, smallest points of each curve
  --dir DIR         where to make the temporary directory (${tmpdir()})
  --filler DIR      fill free memory with a file's pages before each workload (virtual machines); makes a file
                    as large as the memory in DIR, on a disk, and removes it again
  --config FILE     configuration of the gorego that is started
  --json FILE       write the results to a file as well
  --markdown FILE   replace the section for such results in a file; without that file, make it
  --svg DIR         where --curves puts its charts

Servers that run already, in place of the gorego that would be started, or beside it. Thousands of blobs stay behind in
their stores.

  --remote ADDRESS  measure this one (grpc://host:port)
  --pid N           its process id, if it runs on this machine: for CPU and memory
  --against NAME=ADDRESS[,PID]
                    measure this one as well, workload by workload, and compare; may be repeated

Workloads, with the number of clients:

${list.join('\n')}

Curves:

${curves.map(({ name, about }) => `  ${name.padEnd(22)}     ${about}`).join('\n')}
`
}
