import { parseArgs } from 'node:util'

export interface Arguments {
  readonly help: boolean
  readonly list: boolean
  readonly slow: boolean
  readonly verbose: boolean
  readonly remote?: string
  readonly instance: string
  readonly json?: string
  readonly width: number
  /** Whether a requirement is among those that were asked for. */
  readonly chosen: (id: string) => boolean
}

export const usage = `Usage: npm run conformance -- [flags]

Tries a Remote Execution API server against the requirements of the protocol, one or more cases for each id.

  --remote ADDRESS  a server that runs already: grpc://host:port, grpcs://host:port or unix:/path. Default: a gorego
                    of its own. Some hundred MB of blobs stay behind in a remote server's store.
  --instance NAME   the instance name to use (default: the empty one)
  --only A,B,…      requirements by the beginning of their ids: BW, EX-06
  --slow            those too that take a minute
  --json FILE       write everything to a file as well
  --width N         how many cases at once (4)
  --verbose         a line for every case
  --list            print the requirements and the titles of their cases, and try nothing

"failed": the server breaks a must, or something that clients count on. "short": a should that it does not do.
"differs": the protocol leaves it open, and gorego chose otherwise. Of a gorego of our own, every one is a failure.
`

export function parseArguments(argv: readonly string[]): Arguments {
  const { values } = parseArgs({
    args: argv.filter((arg, n) => arg !== '--' || n > 0),
    options: {
      help: { type: 'boolean', default: false },
      list: { type: 'boolean', default: false },
      slow: { type: 'boolean', default: false },
      verbose: { type: 'boolean', default: false },
      remote: { type: 'string' },
      instance: { type: 'string', default: '' },
      json: { type: 'string' },
      width: { type: 'string', default: '4' },
      only: { type: 'string', multiple: true, default: [] },
    },
  })
  const { help, list, slow, verbose, remote, instance, json } = values
  const beginnings = values.only.flatMap((names) => names.split(',')).filter((name) => name !== '')
  const width = Number(values.width)
  if (!Number.isInteger(width) || width < 1) throw new Error(`--width ${values.width}: want a whole number above 0`)
  return {
    help,
    list,
    slow,
    verbose,
    instance,
    width,
    chosen: (id) => beginnings.length === 0 || beginnings.some((beginning) => id.startsWith(beginning)),
    ...(remote === undefined ? {} : { remote }),
    ...(json === undefined ? {} : { json }),
  }
}
