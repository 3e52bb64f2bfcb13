import { setImmediate as nextTurn } from 'node:timers/promises'
import { Digest, SHA256 } from '../digest/index.js'
import type {
  ActionExecutor,
  ActionLookup,
  ActionRun,
  ExecuteRequest,
  Lookup,
  OperationState,
  Outcome,
  TaskSchedulerOptions,
} from '../scheduler/index.js'
import { TaskScheduler } from '../scheduler/index.js'
import { FakeClock } from './fake-clock.js'

/** What a test does with an action that the scheduler has started. */
export interface HandRun {
  readonly run: ActionRun
  readonly signal: AbortSignal
  readonly end: (outcome: Outcome) => Promise<void>
  readonly fail: (error: unknown) => Promise<void>
}

/** A result by name, for tests to recognise. */
export const resultOf = (name: string): Outcome => ({ result: Buffer.from(name), cached: false })

/** Lets everything happen that is only waiting for its turn. */
export const settle = () => nextTurn()

/** A scheduler of which a test drives everything by hand: executor, look-up and clock. */
export class HandDriven {
  readonly clock = new FakeClock()
  /** In the order in which they were started. */
  readonly runs: HandRun[] = []
  readonly lookedUp: ExecuteRequest[] = []
  readonly scheduler: TaskScheduler
  /** What the look-up finds; by default that the action has to run. */
  lookup: ActionLookup = async (request) => toRun(request)

  constructor(options: Partial<TaskSchedulerOptions> & { slots?: number } = {}) {
    const executor: ActionExecutor = {
      slots: options.slots ?? 1,
      execute: (run, signal) =>
        new Promise<Outcome>((resolve, reject) => {
          const settled = <T>(act: (value: T) => void) => {
            return (value: T) => {
              act(value)
              return settle()
            }
          }
          this.runs.push({ run, signal, end: settled(resolve), fail: settled(reject) })
        }),
    }
    const lookup: ActionLookup = (request, signal) => {
      this.lookedUp.push(request)
      return this.lookup(request, signal)
    }
    this.scheduler = new TaskScheduler({ executor, lookup, clock: this.clock, ...options })
  }

  /** Asks for an action and lets the scheduler do what it can do about it. Returns the operation's name. */
  async ask(action: string, request: Partial<ExecuteRequest> = {}): Promise<string> {
    const { name } = await this.scheduler.execute({ instance: '', action: actionOf(action), ...request })
    await settle()
    return name
  }

  stage(name: string): OperationState['stage'] {
    return this.#peek(name).stage
  }

  outcome(name: string): Outcome | undefined {
    return this.#peek(name).outcome
  }

  /** Without being one who waits (EX-19). */
  #peek(name: string): OperationState {
    const { operations } = this.scheduler.list({ pageSize: 1000 })
    return operations.find((state) => state.name === name) ?? this.scheduler.get(name)
  }

  /** The actions that were started, in order. */
  get started(): string[] {
    return this.runs.map(({ run }) => nameOf(run.action))
  }

  /** The latest run of an action. */
  run(action: string): HandRun {
    const found = this.runs.findLast(({ run }) => nameOf(run.action) === action)
    if (found === undefined) throw new Error(`${action} was not started`)
    return found
  }
}

/** The look-up's answer that an action has to run. */
export function toRun({ instance, action }: ExecuteRequest, doNotCache = false): Lookup {
  return { run: { instance, action, doNotCache, timeoutMs: 1000 } }
}

const names = new Map<string, string>()

/** The digest that stands for an action in such a test. */
export function actionOf(name: string): Digest {
  const digest = Digest.ofBytes(SHA256, Buffer.from(name))
  names.set(digest.key, name)
  return digest
}

function nameOf(action: Digest): string {
  return names.get(action.key) ?? String(action)
}
