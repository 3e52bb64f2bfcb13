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
}

/** Where a server is: what grpc-js takes, and whether TLS is spoken there. */
export interface Target {
  readonly address: string
  readonly secure: boolean
}

/** Throws `invalid-argument` for what would not be used, or would be told to whoever listens in. */
export function credentialsFor({ address, secure }: Target, { tls = {}, token }: ChannelIdentity): ChannelCredentials {
  const { ca, cert, key } = tls
  if (!secure && [ca, cert, key].some((given) => given !== undefined))
    throw new GoregoError('invalid-argument', `certificates are of use with TLS only: want grpcs://${address}`)
  if (!secure && token !== undefined && isOutside(address))
    throw new GoregoError(
      'invalid-argument',
      `the token would go to ${address} in the clear: tokens are sent with TLS (grpcs://${address}), to this machine, or through a Unix socket`,
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

function isOutside(address: string): boolean {
  const parsed = parseListenAddress(address)
  return parsed === undefined || isReachableFromOutside(parsed)
}
