// What goes between a runner and the native launcher (native/launcher.c): numbers in the order of bytes of this machine's
// processor, which is little-endian on every one that Node runs on but one; that one has no launcher.
import type { ActionUser } from '../action-user.js'
import type { DirectoryToLookAt } from '../found-files.js'
import type { CommandOrder } from './launcher.js'

const ORDER_HEADER = 32
const START = 1
const SIGNAL = 2
const LOOK = 3

export const ANSWER_BYTES = 40
const ENDED = 1
const NOT_STARTED = 2
const NO_SANDBOX = 3

/** A user's number that stands for whoever runs the launcher. */
const SAME_USER = 0xffffffff

/** Where the process that is first in a sandbox finds its own program: the sandbox shows it under no name. */
const SANDBOX_INIT = '/proc/self/fd/6'

export type Answer =
  | {
      readonly kind: 'ended'
      /** As wait() tells it. */
      readonly status: number
      /** Something of the command may be running yet. */
      readonly left: boolean
      readonly userMs: number
      readonly systemMs: number
      readonly peakBytes: number
    }
  | { readonly kind: 'not-started'; readonly errno: number }
  /** What should have made the sandbox said why on the command's stderr. */
  | { readonly kind: 'no-sandbox' }

/** Strings with a NUL in them are not for the system: whoever made the order has refused them. */
export function startOrder(
  { program, argv, env, workingDirectory, sandbox }: CommandOrder,
  user: ActionUser | undefined,
): Buffer {
  const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`)
  const walls =
    sandbox === undefined ? [] : [sandbox.init, sandbox.key, ...sandbox.argv, SANDBOX_INIT, ...sandbox.inside]
  const strings = Buffer.from(`${[workingDirectory, program, ...argv, ...variables, ...walls].join('\0')}\0`)
  return Buffer.concat([header([START, strings.length, argv.length, variables.length, walls.length], user), strings])
}

/** For the command's process group. */
export function signalOrder(signal: number): Buffer {
  return header([SIGNAL, 0, signal, 0, 0], undefined)
}

/** Comes before the order for a command, whose answer is then followed by what was found. An empty name ends a directory. */
export function lookOrder(directories: readonly DirectoryToLookAt[]): Buffer {
  let strings = ''
  for (const { path, names } of directories) strings += `${[path, ...names].join('\0')}\0\0`
  const bytes = Buffer.from(strings)
  return Buffer.concat([header([LOOK, bytes.length, foundBy(directories), 0, 0], undefined), bytes])
}

/** How many states that finds. */
export function foundBy(directories: readonly DirectoryToLookAt[]): number {
  return directories.reduce((count, { names }) => count + 1 + names.length, 0)
}

type Header = readonly [kind: number, length: number, a: number, b: number, sandbox: number]

function header(numbers: Header, user: ActionUser | undefined): Buffer {
  const bytes = Buffer.alloc(ORDER_HEADER)
  const { uid, gid, exclusive } = user ?? { uid: SAME_USER, gid: SAME_USER, exclusive: false }
  for (const [n, number] of [...numbers, uid, gid, exclusive ? 1 : 0].entries()) bytes.writeUInt32LE(number, 4 * n)
  return bytes
}

export function readAnswer(answer: Uint8Array): Answer {
  const bytes = Buffer.from(answer.buffer, answer.byteOffset, answer.length)
  const kind = bytes.readUInt32LE(0)
  const value = bytes.readInt32LE(4)
  if (kind === NOT_STARTED) return { kind: 'not-started', errno: value }
  if (kind === NO_SANDBOX) return { kind: 'no-sandbox' }
  if (kind !== ENDED) throw new Error(`the launcher answered with a message of kind ${kind}`)
  return {
    kind: 'ended',
    status: value,
    left: bytes.readUInt32LE(8) !== 0,
    userMs: Number(bytes.readBigUInt64LE(16)) / 1000,
    systemMs: Number(bytes.readBigUInt64LE(24)) / 1000,
    peakBytes: Number(bytes.readBigUInt64LE(32)),
  }
}
