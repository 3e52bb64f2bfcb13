import { ANONYMOUS } from '../auth/permission.js'
import { clientOf } from '../clients/client-of.js'
import { UNCOUNTED } from '../clients/held-bytes.js'
import type { InFlight } from '../clients/in-flight.js'
import { CALLER_HEADER, callerIn } from './caller-header.js'
import type { CountBytes } from './direct-call.js'

/**
 * Counts bytes for the client that a call is of. `named`: whether there is a gate that says who calls; otherwise what a client says there is its
 * own invention.
 */
export function countBytes(inFlight: InFlight, named: boolean): CountBytes {
  return (stream, headers, cutOff) => {
    const name = named ? callerIn(headers[CALLER_HEADER]?.toString()) : ANONYMOUS
    const client = clientOf(name, stream.session ?? stream, () => stream.session?.socket.remoteAddress)
    return inFlight.begin(client, { cutOff })
  }
}

/**
 * The same for calls whose requests carry no blobs: these are not counted, and a client whose uploads fill its budget can still ask
 * for something.
 */
export function countAnswers(count: CountBytes): CountBytes {
  return (...call) => ({ ...count(...call), up: UNCOUNTED })
}
