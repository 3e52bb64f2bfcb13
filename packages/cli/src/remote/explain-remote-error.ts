import { type ErrorCode, GoregoError } from '@gorego/core'
import { ConnectError, type ConnectProblem } from '@gorego/server'
import type { RemoteChoice } from './which-remote.js'

/** What to do about it, in terms of flags. */
const NEXT_STEPS: Record<ConnectProblem, string> = {
  'nothing-listens': 'start one there ("gorego start"), or say where it is: --remote',
  'unknown-host': 'check the name in --remote',
  distrusted: '--tls-ca names the authority that signed it, if not one of the system',
  'certificate-wanted': '--tls-cert and --tls-key name one',
  'no-tls': 'if it is the right server: --remote grpc://…',
  'no-grpc': 'check the port in --remote',
  'broken-off': 'try --remote grpcs://…, or --tls-cert and --tls-key',
  silent: 'check the address in --remote, and what stands between here and there',
}

/** What a command has to say to an error that a server answered with: what it was asked for is its matter. */
export type NextSteps = Readonly<Partial<Record<ErrorCode, string>>>

/** The error of a call to a server, with the flags in it that can change it; any other as it is. */
export function explainRemoteError(error: unknown, { target, options }: RemoteChoice, steps: NextSteps = {}): unknown {
  if (error instanceof ConnectError) return told(error, NEXT_STEPS[error.problem])
  if (!(error instanceof GoregoError)) return error
  switch (error.code) {
    case 'unauthenticated':
      return told(
        error,
        options.token === undefined
          ? `${target} wants to know who calls: --token-file, or --tls-cert and --tls-key`
          : `${target} does not take the token: --token-file names another`,
      )
    case 'permission-denied':
      return told(error, `${target} knows who calls, and does not allow it`)
    default: {
      const step = steps[error.code]
      return step === undefined ? error : told(error, step)
    }
  }
}

function told(error: GoregoError, step: string): GoregoError {
  return new GoregoError(error.code, `${error.message}\n  ${step}`, { cause: error, details: error.details })
}
