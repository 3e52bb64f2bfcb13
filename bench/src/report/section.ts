import { existsSync, readFileSync, writeFileSync } from 'node:fs'

/** A part of a Markdown file that a command writes, between two comments; the rest of the file is people's. */
export class Section {
  readonly #path: string
  readonly #name: string

  /** Throws if the file is there and has no such section: better before hours of measuring than after. */
  constructor(path: string, name: string) {
    this.#path = path
    this.#name = name
    this.#around()
  }

  write(lines: readonly string[]): void {
    const [before, after] = this.#around()
    writeFileSync(this.#path, [before, ...lines, after].join('\n'))
  }

  #around(): readonly [string, string] {
    const begin = `<!-- bench ${this.#name}: begin -->`
    const end = `<!-- bench ${this.#name}: end -->`
    if (!existsSync(this.#path)) return [`${begin}\n`, `\n${end}\n`]
    const text = readFileSync(this.#path, 'utf8')
    const from = text.indexOf(begin)
    const to = text.indexOf(end, from)
    if (from < 0 || to < 0) throw new Error(`${this.#path} has no lines "${begin}" and "${end}"`)
    return [`${text.slice(0, from)}${begin}\n`, `\n${text.slice(to)}`]
  }
}
