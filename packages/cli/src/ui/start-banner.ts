import type { Config, RunningServer } from '@gorego/server'
import { bazelrcLines, cacheOnlyLines } from './bazelrc-lines.js'

export interface Announcement {
  readonly version: string
  readonly config: Config
  /** As the server has it: `127.0.0.1:50051`, `unix:/path`. */
  readonly address: string
  /** Where metrics and health are served, if anywhere. */
  readonly httpAddress: string | undefined
  readonly slots: number
  /** What actions run in. */
  readonly sandbox: RunningServer['sandbox']
  /** Who runs them; undefined for whoever runs the server. */
  readonly runAs: RunningServer['runAs']
  /** How many processes speak gRPC beside the one that was started. */
  readonly frontEnds: number
  /** How clients elsewhere call this machine. */
  readonly hostname: string
}

const SANDBOXES = {
  bubblewrap: "bubblewrap (actions have no network unless they ask, and see no files but their own and the system's)",
  none: 'none (actions can do whatever their user can)',
}

/** What `gorego start` says once it serves, before its last line. */
export function startBanner({
  version,
  config,
  address,
  httpAddress,
  slots,
  sandbox,
  runAs,
  frontEnds,
  hostname,
}: Announcement): string {
  const { localCache, execution } = config
  const scheme = schemeOf(config.tls)
  const facts = [
    ['listens on', url(address, scheme)],
    ...(httpAddress === undefined
      ? []
      : [
          [
            'page',
            `${url(httpAddress, scheme === 'grpcs' ? 'https' : 'http')}/ (what it does just now; and /metrics, /healthz, /readyz)`,
          ],
        ]),
    ['keeps', `${localCache.dir} (blobs up to ${localCache.maxSizeGb} GB)`],
    ...(execution.buildRoot === undefined ? [] : [['runs in', execution.buildRoot]]),
    ['slots', slots === 0 ? 'none: a cache that executes nothing' : `${slots} (so many actions run at once)`],
    ...(slots === 0
      ? []
      : [
          ['sandbox', SANDBOXES[sandbox]],
          ['run as', actionUser(runAs)],
        ]),
    ...(frontEnds === 0 ? [] : [['front ends', `${frontEnds} (so many processes speak gRPC)`]]),
  ]
  const target = url(address.replace(/^(0\.0\.0\.0|\[::\])(?=:\d+$)/, hostname), scheme)
  const lines = slots === 0 ? cacheOnlyLines(target) : bazelrcLines({ address: target, slots })
  return [
    `gorego ${version}`,
    ...facts.map(([name = '', value]) => `  ${name.padEnd(10)}  ${value}`),
    '',
    'For your .bazelrc:',
    '',
    ...[...lines, ...instanceLines(config)].map((line) => `  ${line}`),
    '',
    '',
  ].join('\n')
}

function actionUser(runAs: RunningServer['runAs']): string {
  if (runAs === undefined) return 'you (the user who started gorego)'
  return runAs.perSlot ? 'a user of its own for each slot' : `user ${runAs.uid}:${runAs.gid}`
}

/** Bazel uses the empty name unless told otherwise, which a server with names of its own may not have. */
function instanceLines({ instanceNames: [first, ...others] }: Config): string[] {
  return first === undefined || [first, ...others].includes('') ? [] : [`build --remote_instance_name=${first}`]
}

/** The line that programs wait for. */
export function readyLine(address: string, { tls }: Config): string {
  return `gorego ready on ${url(address, schemeOf(tls))}\n`
}

function schemeOf({ certFile }: Config['tls']): string {
  return certFile === undefined ? 'grpc' : 'grpcs'
}

function url(address: string, scheme: string): string {
  return address.startsWith('unix:') ? address : `${scheme}://${address}`
}
