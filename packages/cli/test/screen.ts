/** An escape sequence, or one character. */
const TOKEN = new RegExp(`${String.fromCharCode(27)}\\[([?0-9;]*)([A-Za-z])|[^]`, 'gu')

/** What a terminal shows that was sent this: as much of one as our output needs. Lines that scrolled away are kept. */
export class Screen {
  #lines: string[] = ['']
  #row = 0
  #column = 0
  cursorIsVisible = true

  constructor(sent: string) {
    for (const [token, parameters = '', command] of sent.matchAll(TOKEN)) {
      if (command !== undefined) this.#do(command, parameters)
      else if (token === '\r') this.#column = 0
      else if (token === '\n') this.#goTo(this.#row + 1)
      else this.#put(token)
    }
  }

  get text(): string {
    return this.#lines.map((line) => line.trimEnd()).join('\n')
  }

  #do(command: string, parameters: string): void {
    if (command === 'A') this.#goTo(this.#row - Number(parameters || 1))
    else if (command === 'J') {
      this.#lines.length = this.#row + 1
      this.#cut()
    } else if (command === 'K') this.#cut()
    else if (parameters === '?25') this.cursorIsVisible = command === 'h'
    else if (command !== 'm') throw new Error(`this terminal does not know ${command}`)
  }

  #goTo(row: number): void {
    if (row < 0) throw new Error('the cursor left the screen')
    this.#row = row
    this.#lines[row] ??= ''
  }

  #put(character: string): void {
    const line = (this.#lines[this.#row] ?? '').padEnd(this.#column)
    this.#lines[this.#row] = line.slice(0, this.#column) + character + line.slice(this.#column + 1)
    this.#column++
  }

  #cut(): void {
    this.#lines[this.#row] = (this.#lines[this.#row] ?? '').slice(0, this.#column)
  }
}
