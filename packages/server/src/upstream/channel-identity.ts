import { GoregoError } from '@gorego/core'
import { type ChannelCredentials, credentials } from '@grpc/grpc-js'
import { isReachableFromOutside, parseListenAddress } from '../config/listen-address.js'

/** How a server proves who it is, and we do: PEM. What is absent is the system's. */
export interface ChannelTls {
  readonly ca?: Buffer
  readonly cert?: Buffer
  readonly key?: Buffer
}

/** What another server is shown, and what it has to show. */
export interface ChannelIdentity {
  readonly tls?: ChannelTls | undefined
  /** Asked for each call: the bearer token, which may change. */
  readonly token?: (() => string) | undefined
  /** Sent with each call, by name: how some services want to be told who calls. */
  readonly headers?: Readonly<Record<string, string>> | undefined
}

/** Where a server is: what grpc-js takes, and whether TLS is spoken there. */
export interface Target {
  readonly address: string
  readonly secure: boolean
}

/** Throws `invalid-argument` for what would not be used, or would be told to whoever listens in. */
export function credentialsFor(
  { address, secure }: Target,
  { tls = {}, token, headers = {} }: ChannelIdentity,
): ChannelCredentials {
  const { ca, cert, key } = tls
  checkHeaders(headers)
  if (!secure && [ca, cert, key].some((given) => given !== undefined))
    throw new GoregoError('invalid-argument', `certificates are of use with TLS only: want grpcs://${address}`)
  const secret = token !== undefined ? 'token' : Object.keys(headers).length > 0 ? 'header' : undefined
  if (!secure && secret !== undefined && isOutside(address))
    throw new GoregoError(
      'invalid-argument',
      `the ${secret} would go to ${address} in the clear: ${secret}s are sent with TLS (grpcs://${address}), to this machine, or through a Unix socket`,
    )
  if ((cert === undefined) !== (key === undefined))
    throw new GoregoError('invalid-argument', 'a certificate and its key are of use together only: give both')
  if (!secure) return credentials.createInsecure()
  try {
    return credentials.createSsl(ca, key, cert)
  } catch (cause) {
    throw new GoregoError('invalid-argument', `the certificates cannot be used: ${(cause as Error).message}`, { cause })
  }
}

/** What is said of them never has a value in it. */
function checkHeaders(headers: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(headers)) {
    if (!/^[0-9a-z_.-]+$/.test(name) || name.endsWith('-bin') || name === 'authorization' || name.startsWith('grpc-'))
      throw new GoregoError(
        'invalid-argument',
        `the header ${JSON.stringify(name)} cannot be sent: want lower-case letters, digits and - for a name, neither "authorization" (that is the token's) nor grpc-… nor …-bin`,
      )
    if (!/^[\x20-\x7e]+$/.test(value))
      throw new GoregoError('invalid-argument', `the header ${name} has a value that is not printable ASCII, or none`)
  }
}

function isOutside(address: string): boolean {
  const parsed = parseListenAddress(address)
  return parsed === undefined || isReachableFromOutside(parsed)
}
