import { GoregoError } from '@gorego/core'

/** Why no connection to a server came about. */
export type ConnectProblem =
  /** Nothing is at that port or socket. */
  | 'nothing-listens'
  /** There is no host of that name. */
  | 'unknown-host'
  /** We do not accept its certificate. */
  | 'distrusted'
  /** It wants a certificate of ours. */
  | 'certificate-wanted'
  /** It was spoken to in TLS, and does not speak it. */
  | 'no-tls'
  /** It answers in another protocol. */
  | 'no-grpc'
  /** It ended the connection without a word: what a server with TLS does where none is spoken, or one that does not accept our certificate. */
  | 'broken-off'
  /** It did not answer in time. */
  | 'silent'

/** No connection came about: `unavailable`, and why. */
export class ConnectError extends GoregoError {
  override readonly name = 'ConnectError'
  readonly problem: ConnectProblem

  constructor(target: string, problem: ConnectProblem, reason: string) {
    super('unavailable', `no gRPC server answers at ${target}: ${reason}`)
    this.problem = problem
  }
}

/** The words of the system, of OpenSSL and of grpc-js for each, and ours. The first that fits. */
const REASONS: readonly (readonly [words: RegExp, problem: ConnectProblem, reason: string])[] = [
  [/ECONNREFUSED|ENOENT|EHOSTUNREACH|ENETUNREACH|ENOTSOCK/, 'nothing-listens', 'nothing listens there'],
  [/EACCES|EPERM/, 'nothing-listens', 'this user may not connect to it'],
  [/Name resolution failed|ENOTFOUND|EAI_/, 'unknown-host', 'there is no such host'],
  [
    /altnames|Hostname\/IP does not match/i,
    'distrusted',
    'its certificate is for another name than the one that it was called by',
  ],
  [
    /alert (?:number )?(?:certificate required|handshake failure|bad certificate|unknown ca|certificate)|certificate required|alert number (?:42|46|48|116)/i,
    'certificate-wanted',
    'it wants a certificate that it accepts',
  ],
  [/wrong version number|unknown protocol|packet length too long/i, 'no-tls', 'what listens there does not speak TLS'],
  [/certificate|CERT_|issuer/i, 'distrusted', 'its certificate is not trusted'],
  [/Protocol error|Parse Error/i, 'no-grpc', 'what listens there does not speak gRPC'],
]

/** `said`: how grpc-js ended a call without a connection; undefined where there was no time for that. */
export function connectErrorOf(target: string, said: string | undefined): ConnectError {
  if (said === undefined) return new ConnectError(target, 'silent', 'it did not answer in time')
  const known = REASONS.find(([words]) => words.test(said))
  if (known === undefined)
    return new ConnectError(target, 'broken-off', 'it ended the connection; is TLS, or a certificate, what it wants?')
  const [, problem, reason] = known
  const detail = problem === 'distrusted' ? certificateDetail(said) : ''
  return new ConnectError(target, problem, reason + detail)
}

/** Node's own words say which it is: expired, self-signed, without a known issuer. */
function certificateDetail(said: string): string {
  const words = /Last error: (?:Error: )?([^\n]*?certificate[^\n.]*)/i.exec(said)?.[1]
  return words === undefined ? '' : ` (${words})`
}
