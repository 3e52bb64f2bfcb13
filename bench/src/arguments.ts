import { tmpdir } from 'node:os'
import { parseArgs } from 'node:util'
import type { Workload } from './workload.js'

export interface Arguments {
  readonly help: boolean
  readonly seconds: number
  readonly full: boolean
  readonly only: readonly string[]
  readonly json?: string
  readonly remote?: string
  readonly pid?: number
  readonly directory: string
}

export function parseArguments(argv: readonly string[]): Arguments {
  const { values } = parseArgs({
    args: argv.filter((arg, n) => arg !== '--' || n > 0),
    options: {
      help: { type: 'boolean', default: false },
      seconds: { type: 'string', default: '3' },
      full: { type: 'boolean', default: false },
      only: { type: 'string', multiple: true, default: [] },
      json: { type: 'string' },
      remote: { type: 'string' },
      pid: { type: 'string' },
      dir: { type: 'string', default: tmpdir() },
    },
  })
  const { help, full, json, remote, dir } = values
  return {
    help,
    full,
    seconds: positive('--seconds', values.seconds),
    only: values.only.flatMap((names) => names.split(',')).filter((name) => name !== ''),
    directory: dir,
    ...(json === undefined ? {} : { json }),
    ...(remote === undefined ? {} : { remote }),
    ...(values.pid === undefined ? {} : { pid: positive('--pid', values.pid) }),
  }
}

/** Those that were asked for by name or the beginning of it; otherwise all, the long ones with --full. */
export function choose(workloads: readonly Workload[], { only, full, remote }: Arguments): readonly Workload[] {
  const possible = workloads.filter((workload) => remote === undefined || !workload.local)
  if (only.length === 0) return possible.filter((workload) => full || !workload.full)
  const wanted = new Set(only.flatMap((name) => named(name, possible)))
  return possible.filter((workload) => wanted.has(workload))
}

function named(name: string, workloads: readonly Workload[]): readonly Workload[] {
  const exactly = workloads.filter((workload) => workload.name === name)
  const found = exactly.length > 0 ? exactly : workloads.filter((workload) => workload.name.startsWith(name))
  if (found.length > 0) return found
  throw new Error(`there is no workload ${name}: ${workloads.map((workload) => workload.name).join(', ')}`)
}

export function usage(workloads: readonly Workload[]): string {
  const list = workloads.map(({ name, clients, about, full }) => {
    return `  ${name.padEnd(22)}${String(clients).padStart(3)}  ${about}${full ? ' (--full)' : ''}`
  })
  return `Usage: npm run bench -- [flags]

  --seconds N       how long each workload is measured (3)
  --only a,b,…      workloads by name, or by the beginning of their names
  --full            the longer ones, too
  --json FILE       write the results to a file as well
  --dir DIR         where to make the temporary directory (${tmpdir()})
  --remote ADDRESS  measure a server that runs already (grpc://host:port). Thousands of blobs stay behind in its store.
  --pid N           its process id, if it runs on this machine: for CPU and memory

Workloads, with the number of clients:

${list.join('\n')}
`
}

function positive(name: string, text: string): number {
  const number = Number(text)
  if (number > 0 && Number.isFinite(number)) return number
  throw new Error(`${name} ${text}: want a number above 0`)
}
