import { tmpdir } from 'node:os'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'

/** A server that somebody else has started. */
export interface ForeignServer {
  readonly name: string
  readonly address: string
  /** If it runs on this machine: for CPU and memory. */
  readonly pid?: number
}

export interface Arguments {
  readonly help: boolean
  readonly seconds: number
  readonly rounds: number
  readonly full: boolean
  readonly curves: boolean
  /** How many points of each curve, from the smallest on; all of them if absent. */
  readonly points?: number
  readonly only: readonly string[]
  /** In place of a gorego of our own. */
  readonly remote?: ForeignServer
  readonly against: readonly ForeignServer[]
  /** Configuration file of a gorego of our own. */
  readonly config?: string
  readonly directory: string
  /** Where a file as large as the memory may be made, which keeps the page cache full; none if absent. */
  readonly filler?: string
  readonly json?: string
  readonly markdown?: string
  readonly svg?: string
}

export const OWN_NAME = 'gorego'

export function parseArguments(argv: readonly string[]): Arguments {
  const { values } = parseArgs({
    args: argv.filter((arg, n) => arg !== '--' || n > 0),
    options: {
      help: { type: 'boolean', default: false },
      seconds: { type: 'string', default: '3' },
      rounds: { type: 'string', default: '1' },
      full: { type: 'boolean', default: false },
      curves: { type: 'boolean', default: false },
      points: { type: 'string' },
      only: { type: 'string', multiple: true, default: [] },
      remote: { type: 'string' },
      pid: { type: 'string' },
      against: { type: 'string', multiple: true, default: [] },
      config: { type: 'string' },
      dir: { type: 'string', default: tmpdir() },
      filler: { type: 'string' },
      json: { type: 'string' },
      markdown: { type: 'string' },
      svg: { type: 'string' },
    },
  })
  const { help, full, curves, config, dir, filler, json, markdown, svg } = values
  const remote = values.remote === undefined ? undefined : { name: 'remote', address: values.remote }
  const pid = values.pid === undefined ? undefined : whole('--pid', values.pid)
  const against = values.against.map(parseAgainst)
  requireDistinct([remote?.name ?? OWN_NAME, ...against.map(({ name }) => name)])
  if (curves && (remote !== undefined || against.length > 0)) {
    throw new Error('--curves measures goregos of its own: no --remote and no --against')
  }
  if (curves && filler !== undefined) throw new Error('--filler is for the workloads: not with --curves')
  return {
    help,
    full,
    curves,
    seconds: positive('--seconds', values.seconds),
    rounds: whole('--rounds', values.rounds),
    only: values.only.flatMap((names) => names.split(',')).filter((name) => name !== ''),
    against,
    directory: dir,
    ...(remote === undefined ? {} : { remote: { ...remote, ...(pid === undefined ? {} : { pid }) } }),
    ...(values.points === undefined ? {} : { points: whole('--points', values.points) }),
    ...(config === undefined ? {} : { config: resolve(config) }),
    ...(filler === undefined ? {} : { filler }),
    ...(json === undefined ? {} : { json }),
    ...(markdown === undefined ? {} : { markdown }),
    ...(svg === undefined ? {} : { svg }),
  }
}

/** `name=grpc://host:port` or `name=grpc://host:port,pid` */
function parseAgainst(text: string): ForeignServer {
  const { name = '', address = '', pid } = /^(?<name>[^=]+)=(?<address>[^,]+)(?:,(?<pid>.*))?$/.exec(text)?.groups ?? {}
  if (name === '') throw new Error(`--against ${text}: want name=grpc://host:port,pid`)
  return { name, address, ...(pid === undefined ? {} : { pid: whole(`--against ${text}: the process id`, pid) }) }
}

function requireDistinct(names: readonly string[]): void {
  const twice = names.find((name, place) => names.indexOf(name) !== place)
  if (twice !== undefined) throw new Error(`two servers are called ${twice}`)
}

function positive(name: string, text: string): number {
  const number = Number(text)
  if (number > 0 && Number.isFinite(number)) return number
  throw new Error(`${name} ${text}: want a number above 0`)
}

function whole(name: string, text: string): number {
  const number = positive(name, text)
  if (Number.isInteger(number)) return number
  throw new Error(`${name} ${text}: want a whole number above 0`)
}
