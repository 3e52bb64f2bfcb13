import type { Digest } from '../digest/index.js'
import type { Job, RunnerSetup } from '../runner/index.js'
import type { ActionRun } from '../scheduler/index.js'
import { type RunnerAnswer, RunnerProcess } from './runner-process.js'
import type { RunnerProgram } from './runner-program.js'

/** A place for one action at a time. Its runner is started by the first action, and again after it died. */
export class Slot {
  readonly #program: RunnerProgram
  readonly #setup: RunnerSetup
  readonly #copied: ReadonlySet<string>
  #runner: RunnerProcess | undefined
  #inputRoot: Digest | undefined

  /** `copied`: keys of the inputs that a runner started later must copy, too. */
  constructor(program: RunnerProgram, setup: RunnerSetup, copied: ReadonlySet<string>) {
    this.#program = program
    this.#setup = setup
    this.#copied = copied
  }

  get pid(): number | undefined {
    return this.#runner?.alive ? this.#runner.pid : undefined
  }

  get inputRoot(): Digest | undefined {
    return this.#runner?.alive ? this.#inputRoot : undefined
  }

  /** Whether its next action has to wait until things are in order after the last one. */
  get restoring(): boolean {
    return this.#runner?.restoring === true
  }

  run(
    job: Omit<Job, 'kind' | 'id'>,
    { inputRoot, audience }: Pick<ActionRun, 'inputRoot' | 'audience'>,
    signal: AbortSignal,
  ): Promise<RunnerAnswer> {
    if (this.#runner === undefined || !this.#runner.alive) {
      this.#runner = new RunnerProcess(this.#program, this.#setup)
      this.copyInputs([...this.#copied])
    }
    this.#inputRoot = inputRoot
    return this.#runner.run(job, audience, signal)
  }

  copyInputs(keys: readonly string[]): void {
    if (keys.length > 0) this.#runner?.copyInputs(keys)
  }

  async stop(): Promise<void> {
    await this.#runner?.stop()
  }
}
