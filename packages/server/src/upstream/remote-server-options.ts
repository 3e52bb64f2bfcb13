import type { CompressionName } from './agree-on-compression.js'
import type { ChannelIdentity, ChannelTls } from './channel-identity.js'

/** Which instance of a server, and who calls. */
export interface RemoteServerOptions {
  /** Default: the empty instance name. */
  readonly instance?: string
  /** For `grpcs://`, in PEM: whom to trust instead of the system's authorities, and what to show. */
  readonly tls?: ChannelTls
  /** Shown as a bearer token with every call; a function is asked each time. Only with TLS, to this machine, or through a Unix socket. */
  readonly token?: string | (() => string)
  /** Sent with every call, by name, for services that want to be told so who calls: `{ 'x-api-key': '…' }`. Only where a token would be. */
  readonly headers?: Readonly<Record<string, string>>
  /** For blobs on the way, if the server offers it. Default `none`: it costs both sides CPU, and pays on slow lines. */
  readonly compression?: CompressionName
}

export function identityOf({ tls, token, headers }: RemoteServerOptions): ChannelIdentity {
  return { tls, headers, token: typeof token === 'string' ? () => token : token }
}
