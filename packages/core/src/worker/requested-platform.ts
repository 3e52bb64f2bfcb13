import { setImmediate as nextTurn } from 'node:timers/promises'
import type { ContentAddressableStorage } from '../cas/index.js'
import type { Digest } from '../digest/index.js'
import { GoregoError } from '../errors/index.js'
import type { PlatformProperty } from '../platform/index.js'
import { decode } from '../proto/decode.js'
import { type Action, Platform } from '../proto/messages.js'
import { wireFields } from '../proto/wire.js'

/** Command.platform on the wire. */
const PLATFORM_FIELD = 5

/** Thousands of properties; more would take its time to parse. */
const MAX_PLATFORM_BYTES = 64 * 1024

/** How many fields are passed over before other work gets a turn: well below a millisecond. */
const FIELDS_A_TURN = 8192

/**
 * AN-06: what the Action asks for, or the Command of clients older than that. A Command that is not there asks for
 * nothing yet: the runner finds it missing, together with whatever else is (EX-06).
 */
export async function requestedPlatform(
  action: Action,
  commandDigest: Digest,
  cas: ContentAddressableStorage,
  signal: AbortSignal,
): Promise<readonly PlatformProperty[]> {
  const platform = action.getPlatform() ?? (await platformOfCommand(commandDigest, cas, signal))
  return platform.getPropertiesList().map((property) => ({ name: property.getName(), value: property.getValue() }))
}

/** A Command can have many thousand arguments, of which no messages are made here. */
async function platformOfCommand(
  digest: Digest,
  cas: ContentAddressableStorage,
  signal: AbortSignal,
): Promise<Platform> {
  let bytes: Uint8Array
  try {
    bytes = await cas.get(digest, signal)
  } catch (error) {
    if (error instanceof GoregoError && error.code === 'not-found') return new Platform()
    throw error
  }
  const parts: Uint8Array[] = []
  let fields = 0
  let room = MAX_PLATFORM_BYTES
  for (const field of wireFields(bytes)) {
    if (++fields % FIELDS_A_TURN === 0) await nextTurn(undefined, { signal })
    if (field.number !== PLATFORM_FIELD || field.bytes === undefined) continue
    room -= field.bytes.length
    if (room < 0) throw new GoregoError('invalid-argument', `the Command ${digest} has too large a platform`)
    parts.push(field.bytes)
  }
  // A message that comes twice counts as one with the fields of both.
  return decode(Platform, Buffer.concat(parts), `the platform of the Command ${digest}`)
}
