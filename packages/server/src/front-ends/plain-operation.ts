import { Digest, digestFunctionNamed, type ExecuteRequest, GoregoError, type OperationState } from '@gorego/core'
import type { Message } from './frames.js'

/** `function:hash:size` */
export type DigestText = string

interface PlainRequest extends Omit<ExecuteRequest, 'action'> {
  readonly action: DigestText
}

type Outcome = NonNullable<OperationState['outcome']>

interface PlainOutcome extends Omit<Outcome, 'result' | 'logs'> {
  /** Length of the result, whose bytes come beside the head. */
  readonly resultBytes?: number
  readonly logs?: Readonly<Record<string, DigestText>>
}

export interface PlainState extends Omit<OperationState, 'action' | 'outcome'> {
  readonly action: DigestText
  readonly outcome?: PlainOutcome
}

export function toPlainRequest({ action, ...rest }: ExecuteRequest): PlainRequest {
  return { action: action.key, ...rest }
}

export function fromPlainRequest(head: unknown): ExecuteRequest {
  const { action, ...rest } = head as PlainRequest
  return { action: toDigest(action), ...rest }
}

/** Operations, their results beside them in the same order. */
export function packStates(states: readonly OperationState[]): { states: PlainState[]; bytes: Uint8Array } {
  const results = states.flatMap(({ outcome }) => outcome?.result ?? [])
  return {
    states: states.map(toPlain),
    bytes: results.length === 1 ? (results[0] as Uint8Array) : Buffer.concat(results),
  }
}

export function unpackStates(states: readonly PlainState[], bytes: Uint8Array): OperationState[] {
  let at = 0
  return states.map((state) => {
    const start = at
    at += state.outcome?.resultBytes ?? 0
    return fromPlain(state, bytes.subarray(start, at))
  })
}

export function stateMessage(state: OperationState): Message {
  return { head: toPlain(state), ...(state.outcome?.result === undefined ? {} : { bytes: state.outcome.result }) }
}

export function stateOf({ head, bytes = new Uint8Array(0) }: Message): OperationState {
  return fromPlain(head as PlainState, bytes)
}

function toPlain({ action, outcome, ...rest }: OperationState): PlainState {
  if (outcome === undefined) return { action: action.key, ...rest }
  const { result, logs, ...others } = outcome
  return {
    action: action.key,
    ...rest,
    outcome: {
      ...others,
      ...(result === undefined ? {} : { resultBytes: result.length }),
      ...(logs === undefined ? {} : { logs: mapValues(logs, (digest) => digest.key) }),
    },
  }
}

function fromPlain({ action, outcome, ...rest }: PlainState, result: Uint8Array): OperationState {
  if (outcome === undefined) return { action: toDigest(action), ...rest }
  const { resultBytes, logs, ...others } = outcome
  return {
    action: toDigest(action),
    ...rest,
    outcome: {
      ...others,
      ...(resultBytes === undefined ? {} : { result }),
      ...(logs === undefined ? {} : { logs: mapValues(logs, toDigest) }),
    },
  }
}

export function toDigest(text: DigestText): Digest {
  const [name = '', hash = '', size] = text.split(':')
  const fn = digestFunctionNamed(name)
  if (fn === undefined) throw new GoregoError('internal', `${text} is no digest`)
  return Digest.of(fn, hash, Number(size))
}

function mapValues<From, To>(values: Readonly<Record<string, From>>, map: (value: From) => To): Record<string, To> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, map(value)]))
}
