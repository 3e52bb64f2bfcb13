import type { Host } from '../host.js'

/** Between two looks at what is shown: four a second. */
const EVERY_MS = 250

const HIDE_CURSOR = '\u001b[?25l'
const SHOW_CURSOR = '\u001b[?25h'

/** From where the cursor is to the end of the screen. */
const CLEAR_BELOW = '\u001b[J'

export interface LiveViewOptions {
  readonly host: Pick<Host, 'err' | 'signals'>
  /** What is shown now, in lines without escapes. */
  readonly lines: () => readonly string[]
  /** The lines with colours, as many columns. */
  readonly paint?: (line: string) => string
}

/**
 * Some lines at the end of a terminal that are written anew, several times a second at most. What is logged goes through `write`
 * and scrolls above them. The cursor is hidden meanwhile, and comes back however the process ends.
 */
export class LiveView implements Disposable {
  readonly #options: LiveViewOptions
  readonly #timer: NodeJS.Timeout
  readonly #onResize = () => this.#draw()
  readonly #onExit = () => this[Symbol.dispose]()
  /** The widths of what is on the screen, line by line. */
  #widths: readonly number[] = []
  #shown = ''
  #isOver = false

  constructor(options: LiveViewOptions) {
    this.#options = options
    options.host.err.write(HIDE_CURSOR)
    options.host.signals.on('SIGWINCH', this.#onResize)
    // Also after an error that nobody caught.
    options.host.signals.on('exit', this.#onExit)
    this.#timer = setInterval(() => this.#draw(), EVERY_MS).unref()
    this.#draw()
  }

  /** Whole lines, above the view. */
  write(text: string): void {
    const { err } = this.#options.host
    err.write(this.#isOver ? text : `${this.#clear()}${text}${this.#shown}`)
  }

  /** Whatever else writes whole lines to the same terminal. */
  above(write: () => void): void {
    if (this.#isOver) {
      write()
      return
    }
    const { err } = this.#options.host
    err.write(this.#clear())
    write()
    err.write(this.#shown)
  }

  [Symbol.dispose](): void {
    if (this.#isOver) return
    this.#isOver = true
    clearInterval(this.#timer)
    const { err, signals } = this.#options.host
    signals.off('SIGWINCH', this.#onResize)
    signals.off('exit', this.#onExit)
    err.write(`${this.#clear()}${SHOW_CURSOR}`)
  }

  #draw(): void {
    const { host, lines, paint = (line) => line } = this.#options
    const clear = this.#clear()
    // A line that reaches the edge may or may not have broken already.
    const room = Math.max(1, host.err.columns - 1)
    const fitting = lines().map((line) => line.slice(0, room))
    this.#widths = fitting.map((line) => line.length)
    this.#shown = fitting.map(paint).join('\n')
    host.err.write(`${clear}${this.#shown}`)
  }

  /** To where the view begins: what was drawn in a wider window has been broken into more lines. */
  #clear(): string {
    const { columns } = this.#options.host.err
    const rows = this.#widths.reduce((sum, width) => sum + Math.max(1, Math.ceil(width / Math.max(1, columns))), 0)
    return `\r${rows > 1 ? `\u001b[${rows - 1}A` : ''}${CLEAR_BELOW}`
  }
}
