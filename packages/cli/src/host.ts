import type { EventEmitter } from 'node:events'
import { readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import type { WriteStream } from 'node:tty'
import type { Surroundings } from '@gorego/server'

/** The process and its terminal, as commands see them. */
export interface Host {
  readonly surroundings: Surroundings
  /** What starts gorego again, with arguments behind it. */
  readonly program: readonly string[]
  /** Emits SIGINT and the like. */
  readonly signals: EventEmitter
  /** How wide a person's window is. */
  readonly columns: number
  /** What standard error is: a person, who may like colours, or a file or program. */
  readonly err: {
    readonly isTerminal: boolean
    readonly hasColours: boolean
    /** How wide it is just now; 0 where nobody knows. */
    readonly columns: number
    write(text: string): void
  }
  /** How long a person waits without a word of what is under way, in milliseconds. */
  readonly patienceMs: number
  /** Asks a person, and returns the answer; undefined where there is none to ask. */
  ask(question: string): Promise<string | undefined>
  /** Writes to standard output. */
  out(text: string): void
  readonly outIsTerminal: boolean
  /** Whether whoever reads standard output likes colours. */
  readonly outHasColours: boolean
  /** Writes bytes, and resolves when they are taken. */
  hand(chunk: Uint8Array, to: 'stdout' | 'stderr'): Promise<void>
  /** Passes bytes on as they come, no faster than they are taken. */
  pass(chunks: AsyncIterable<Uint8Array>, to: 'stdout' | 'stderr'): Promise<void>
  /** Leaves at once, whatever is under way. */
  exit(code: number): never
}

/** What takes less is not worth a word. */
const PATIENCE_MS = 1000

export function processHost(): Host {
  const { stdout, stderr } = process
  // Whoever read our output has gone (`gorego … | head`): no reason for a stack trace, nor for a server to stop.
  for (const stream of [stdout, stderr]) stream.on('error', ignoreBrokenPipe)
  return {
    surroundings: { env: process.env, cwd: process.cwd(), home: homedir(), platform: process.platform },
    program: [process.execPath, ...process.execArgv, process.argv[1] ?? ''],
    signals: process,
    columns: stdout.columns ?? 100,
    err: {
      isTerminal: stderr.isTTY,
      hasColours: hasColours(stderr),
      get columns() {
        return stderr.columns ?? 0
      },
      write: (text) => void stderr.write(text),
    },
    patienceMs: PATIENCE_MS,
    async ask(question) {
      if (!process.stdin.isTTY || !stderr.isTTY) return undefined
      const { createInterface } = await import('node:readline/promises')
      const terminal = createInterface({ input: process.stdin, output: stderr })
      try {
        return await terminal.question(question)
      } finally {
        terminal.close()
      }
    },
    out: (text) => void stdout.write(text),
    outIsTerminal: stdout.isTTY,
    outHasColours: hasColours(stdout),
    hand: (chunk, to) => written(to === 'stdout' ? stdout : stderr, chunk),
    async pass(chunks, to) {
      for await (const chunk of chunks) await this.hand(chunk, to)
    },
    exit: (code) => process.exit(code),
  }
}

function written(stream: WriteStream, chunk: Uint8Array): Promise<void> {
  // Called with an error where nobody reads any more, which is no matter of ours.
  return new Promise((resolve) => stream.write(chunk, () => resolve()))
}

/** Node's own judgement: a terminal that has colours, and neither NO_COLOR nor FORCE_COLOR=0 against it. */
function hasColours(stream: WriteStream): boolean {
  return stream.isTTY && stream.hasColors()
}

function ignoreBrokenPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error
}

/** The version of this package. */
export function version(): string {
  // As far from dist as from src.
  const manifest = new URL('../package.json', import.meta.url)
  return (JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }).version
}
