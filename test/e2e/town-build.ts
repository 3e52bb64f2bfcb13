import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onExit } from '@gorego/bench/clean-up'
import {
  execute,
  Gate,
  getResult,
  lastOf,
  RawClient,
  read,
  type Seen,
  sayingFor,
  shell,
  until,
  uploadAction,
} from '@gorego/conformance/client'
import { reapi, SHA256 } from '@gorego/core'
import type { ActionMessages } from '@gorego/core/testing'

const { EXECUTING, QUEUED } = reapi.ExecutionStage.Value

export interface Asked extends ActionMessages {
  readonly script: string
  readonly target: string
  readonly mnemonic?: string
}

/** An action that waits for somebody to let it go on. */
export interface Held {
  readonly name: string
  /** Lets it go on, and waits for its end. */
  release(): Promise<Seen>
}

/** A build that does what a test says, with a server on this machine. */
export class TownBuild {
  readonly #client: RawClient
  readonly #gates = mkdtempSync(join(tmpdir(), 'gorego-town-'))
  readonly #held = new Set<Held>()
  readonly #forget: () => void

  constructor(address: string) {
    this.#client = new RawClient(address)
    this.#forget = onExit(() => rmSync(this.#gates, { recursive: true, force: true }))
  }

  /** Executes an action to its end. */
  async run(asked: Asked): Promise<Seen> {
    return await lastOf(await this.#start(asked))
  }

  /** Reads what an action printed and made, as a client does that builds without the bytes at first. */
  async fetch(seen: Seen): Promise<void> {
    const { metadata, result } = seen
    const digest = metadata.getActionDigest() ?? new reapi.Digest()
    await getResult(this.#client, reapi.fromDigestMessage(SHA256, digest, 'the action'))
    const made = [result.getStdoutDigest(), ...result.getOutputFilesList().map((file) => file.getDigest())]
    for (const each of made) {
      if (each !== undefined) await read(this.#client, reapi.fromDigestMessage(SHA256, each, 'what it made'))
    }
  }

  /** Starts an action that is held where its script says `GATE`, in a slot or in the queue. */
  async hold(asked: Asked, where: 'slot' | 'queue' = 'slot'): Promise<Held> {
    const gate = new Gate(this.#gates)
    const stream = await this.#start({ ...asked, script: asked.script.replace('GATE', gate.wait) })
    const { name } = await until(stream, where === 'slot' ? EXECUTING : QUEUED)
    const ended = lastOf(stream)
    const held: Held = {
      name,
      release: async () => {
        this.#held.delete(held)
        await gate.open()
        return await ended
      },
    }
    this.#held.add(held)
    return held
  }

  /** Lets everything go on that is still held. */
  async release(): Promise<void> {
    // What waits in the queue opens no gate before the others are gone.
    await Promise.all([...this.#held].map((held) => held.release()))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.release()
    this.#client[Symbol.dispose]()
    rmSync(this.#gates, { recursive: true })
    this.#forget()
  }

  async #start({ script, target, mnemonic = 'CppCompile', ...messages }: Asked): Promise<AsyncGenerator<Seen>> {
    const { digest } = await uploadAction(this.#client, shell(script, messages))
    const metadata = sayingFor({
      ...{ target, mnemonic },
      ...{ tool: ['bazel', '8.4.2'], invocation: '6f1c2a52-7f3e-4d0a-9a61-0d6c4b7f1e20' },
    })
    return execute(this.#client, digest, { metadata })
  }
}
