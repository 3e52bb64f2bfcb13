import { type BigIntStats, chmodSync, lutimesSync, utimesSync } from 'node:fs'
import { GoregoError } from '../errors/index.js'
import { NodeProperties, Timestamp, UInt32Value } from '../proto/messages.js'
import { timestampToMillis } from '../proto/time.js'

/** What `Command.output_node_properties` can ask for (CM-10), and what is advertised (CP-08). */
export const SUPPORTED_NODE_PROPERTIES = ['mtime', 'unix_mode'] as const

type PropertyName = (typeof SUPPORTED_NODE_PROPERTIES)[number]

/** Who may read, write and execute. Never setuid, setgid and sticky bits: an action has no business with other users. */
const PERMISSIONS = 0o777

const NANOS_PER_SECOND = 1_000_000_000n

/** How an input is to look, beside its content. */
export interface InputAttributes {
  /** Seconds since 1970, or a Date before that, as Node takes them. */
  readonly mtime?: number | Date
  readonly mode?: number
}

/**
 * What the properties of an input ask for; undefined where that is nothing. Properties in the list of names and values
 * mean nothing to us. `what` names the input in an error.
 */
export function inputAttributes(properties: NodeProperties | undefined, what: string): InputAttributes | undefined {
  const mtime = properties?.getMtime()
  const mode = properties?.getUnixMode()
  if (mtime === undefined && mode === undefined) return undefined
  return {
    ...(mtime === undefined ? {} : { mtime: fileTime(mtime, what) }),
    ...(mode === undefined ? {} : { mode: mode.getValue() & PERMISSIONS }),
  }
}

/** Of a file or directory that the runner made for this action alone: never of a link to a stored file. */
export function applyAttributes(path: string, { mtime, mode }: InputAttributes): void {
  if (mode !== undefined) chmodSync(path, mode)
  if (mtime !== undefined) utimesSync(path, mtime, mtime)
}

/** A symbolic link has a time of its own, and no mode. */
export function applyLinkAttributes(path: string, { mtime }: InputAttributes): void {
  if (mtime !== undefined) lutimesSync(path, mtime, mtime)
}

/**
 * Node hands times to the system as floating-point seconds and cuts them to whole microseconds. So close to today's dates
 * a number may be a little below the microsecond that is meant: then it is the next one. A negative number means "now" to
 * Node; only a Date, with milliseconds, can say a time before 1970.
 */
function fileTime(time: Timestamp, what: string): number | Date {
  try {
    const millis = timestampToMillis(time)
    if (millis < 0) return new Date(millis)
  } catch (cause) {
    throw new GoregoError('invalid-argument', `the mtime of ${what} is no valid time: ${(cause as Error).message}`, {
      cause,
    })
  }
  const [seconds, micros] = [time.getSeconds(), Math.floor(time.getNanos() / 1000)]
  const exact = seconds + micros / 1e6
  const isBelow = Math.floor((exact - seconds) * 1e6) < micros
  return isBelow ? exact + seconds * Number.EPSILON : exact
}

/** What an output looks like, and the store does not keep. */
export interface OutputAttributes {
  readonly mode: number
  /** Nanoseconds since 1970. */
  readonly mtimeNs: bigint
}

export function attributesOf({ mode, mtimeNs }: BigIntStats): OutputAttributes {
  return { mode: Number(mode) & PERMISSIONS, mtimeNs }
}

/** Which properties of its outputs a Command wants to know (CM-10). */
export class WantedProperties {
  readonly #names: ReadonlySet<PropertyName>

  private constructor(names: ReadonlySet<PropertyName>) {
    this.#names = names
  }

  static of(names: readonly string[]): WantedProperties {
    const wanted = new Set<PropertyName>()
    for (const name of names) {
      const known = SUPPORTED_NODE_PROPERTIES.find((each) => each === name)
      if (known === undefined) {
        throw new GoregoError(
          'invalid-argument',
          `output_node_properties asks for ${JSON.stringify(name.slice(0, 100))}; supported are ${SUPPORTED_NODE_PROPERTIES.join(' and ')}`,
        )
      }
      wanted.add(known)
    }
    return new WantedProperties(wanted)
  }

  /** The message for an output; undefined where nothing is wanted, and then nobody is asked for the attributes. */
  describe(attributes: () => OutputAttributes): NodeProperties | undefined {
    if (this.#names.size === 0) return undefined
    const { mode, mtimeNs } = attributes()
    const properties = new NodeProperties()
    if (this.#names.has('mtime')) properties.setMtime(timestampOf(mtimeNs))
    if (this.#names.has('unix_mode')) properties.setUnixMode(new UInt32Value().setValue(mode))
    return properties
  }
}

/** To the nanosecond; the nanoseconds of a Timestamp count upwards, also before 1970. */
function timestampOf(nanoseconds: bigint): Timestamp {
  const nanos = ((nanoseconds % NANOS_PER_SECOND) + NANOS_PER_SECOND) % NANOS_PER_SECOND
  return new Timestamp().setSeconds(Number((nanoseconds - nanos) / NANOS_PER_SECOND)).setNanos(Number(nanos))
}
