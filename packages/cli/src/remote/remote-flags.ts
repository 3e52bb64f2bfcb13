import type { Flag } from '../command.js'

const GROUP = { type: 'string', requiresArg: true, group: 'Server:' } as const

/** Which server a command talks to, and what it is shown: the same for all of them. */
export const REMOTE_FLAGS = {
  remote: {
    ...GROUP,
    describe: 'The server: grpc://host:port, grpcs://host:port or unix:/path',
    defaultDescription: '$GOREGO_REMOTE, or grpc://127.0.0.1:50051',
  },
  instance: { ...GROUP, describe: 'The instance there', defaultDescription: '$GOREGO_REMOTE_INSTANCE, or none' },
  'token-file': { ...GROUP, describe: 'A file with the token that it is shown, and nothing else' },
  'tls-ca': { ...GROUP, describe: 'Trust this authority (PEM)', defaultDescription: "the system's" },
  'tls-cert': { ...GROUP, describe: 'Show this certificate (PEM)' },
  'tls-key': { ...GROUP, describe: 'The key of that certificate (PEM)' },
} satisfies Readonly<Record<string, Flag>>

/** For commands that run here, and may share what they make. The other flags are then about that server. */
export const REMOTE_CACHE_FLAG = {
  'remote-cache': {
    ...GROUP,
    describe: 'Run it here, and share results through this cache: grpc://…, grpcs://… or unix:/path',
    defaultDescription: '$GOREGO_REMOTE_CACHE, or none',
  },
} satisfies Readonly<Record<string, Flag>>

export type RemoteFlag = keyof typeof REMOTE_FLAGS | keyof typeof REMOTE_CACHE_FLAG

/** What stands for a flag that is not given: GOREGO_REMOTE, GOREGO_REMOTE_CACHE, GOREGO_REMOTE_TOKEN_FILE, … */
export function variableOf(flag: RemoteFlag): string {
  const name = flag
    .replace(/^remote-?/, '')
    .toUpperCase()
    .replaceAll('-', '_')
  return name === '' ? 'GOREGO_REMOTE' : `GOREGO_REMOTE_${name}`
}
