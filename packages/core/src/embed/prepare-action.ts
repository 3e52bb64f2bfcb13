import type { ContentAddressableStorage } from '../cas/index.js'
import type { Digest, DigestFunction } from '../digest/index.js'
import { GoregoError } from '../errors/index.js'
import { type PlatformLabels, platformProperties } from '../platform/index.js'
import { compareUtf8 } from '../proto/canonical.js'
import { toDigestMessage } from '../proto/digests.js'
import { Action, Command, Platform } from '../proto/messages.js'
import { durationFromMillis } from '../proto/time.js'
import { storeInputTree } from './input-tree.js'
import type { Inputs } from './inputs.js'
import type { KnownFiles } from './known-files.js'
import { storeBytes } from './store-file.js'

/** What to run, and on what. */
export interface ActionSpec {
  /** The program and its arguments, passed as they are. A bare name is looked up in `env.PATH`. */
  readonly argv: readonly string[]
  readonly inputs?: Inputs
  /** Files and directories that the command makes, relative to the working directory. Everything else is discarded. */
  readonly outputs?: readonly string[]
  /** All the variables that the command sees. */
  readonly env?: Readonly<Record<string, string>>
  /** Below the input root. Default: the input root. */
  readonly workingDirectory?: string
  /** How long the command may take, in milliseconds. */
  readonly timeoutMs?: number
  /**
   * What the worker must be, by property name: `{ OSFamily: 'linux', ISA: ['x86-64', 'x86-avx2'] }`; all values of one
   * name have to be met. What no worker is, is refused with `failed-precondition`.
   */
  readonly platform?: PlatformLabels
  /** Neither read from the action cache nor written to it, nor merged with an equal action under way. */
  readonly doNotCache?: boolean
  /** Distinguishes actions that are equal otherwise. */
  readonly salt?: string
}

/** Where an action's messages and inputs are stored, and how they are named. */
export interface PrepareOptions {
  /** Here or elsewhere: a local store, or a client of a remote one. */
  readonly cas: ContentAddressableStorage
  readonly fn: DigestFunction
  /** Spares files that have not changed from being read again. Default: all are read. */
  readonly knownFiles?: KnownFiles | undefined
  readonly signal?: AbortSignal | undefined
}

/** Stores an action with everything that it needs, and returns the digest to execute. Equal actions have equal digests. */
export async function prepareAction(spec: ActionSpec, options: PrepareOptions): Promise<Digest> {
  if (spec.argv.length === 0)
    throw new GoregoError('invalid-argument', 'argv is empty: its first element must name a program')
  const { cas, fn, signal } = options
  await fn.prepare()
  const inputRoot = await storeInputTree(spec.inputs ?? {}, options)
  const command = await storeBytes(cas, fn, encodeCommand(spec), signal)
  const action = new Action()
    .setCommandDigest(toDigestMessage(command))
    .setInputRootDigest(toDigestMessage(inputRoot))
    .setDoNotCache(spec.doNotCache ?? false)
  if (spec.timeoutMs !== undefined) action.setTimeout(durationFromMillis(checkTimeout(spec.timeoutMs)))
  if (spec.platform !== undefined) action.setPlatform(platformOf(spec.platform))
  if (spec.salt !== undefined) action.setSalt(Buffer.from(spec.salt))
  return await storeBytes(cas, fn, action.serializeBinary(), signal)
}

function encodeCommand({ argv, outputs = [], env = {}, workingDirectory = '' }: ActionSpec): Uint8Array {
  const command = new Command()
    .setArgumentsList([...argv])
    .setOutputPathsList([...new Set(outputs)].sort(compareUtf8))
    .setWorkingDirectory(workingDirectory)
  for (const [name, value] of sortedEntries(env)) {
    command.addEnvironmentVariables(new Command.EnvironmentVariable().setName(name).setValue(value))
  }
  return command.serializeBinary()
}

function platformOf(properties: PlatformLabels): Platform {
  const platform = new Platform()
  for (const { name, value } of platformProperties(properties)) {
    platform.addProperties(new Platform.Property().setName(name).setValue(value))
  }
  return platform
}

function sortedEntries(record: Readonly<Record<string, string>>): [string, string][] {
  return Object.entries(record).sort(([a], [b]) => compareUtf8(a, b))
}

function checkTimeout(timeoutMs: number): number {
  if (timeoutMs > 0 && Number.isFinite(timeoutMs)) return timeoutMs
  throw new GoregoError('invalid-argument', `timeoutMs is ${timeoutMs}: want a positive number of milliseconds`)
}
