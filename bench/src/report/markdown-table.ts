export interface Column {
  readonly title: string
  /** Default: that of the title. The first column is aligned to the left, the others to the right. */
  readonly width?: number
}

/** Markdown that reads well in a terminal, too. */
export class MarkdownTable {
  readonly #columns: readonly Column[]

  constructor(columns: readonly Column[]) {
    this.#columns = columns
  }

  get head(): string[] {
    const dashes = this.#columns.map((column, n) => `${'-'.repeat(widthOf(column))}${n === 0 ? ' ' : ':'}`)
    return [this.row(this.#columns.map(({ title }) => title)), `|-${dashes.join('|-')}|`]
  }

  row(cells: readonly string[]): string {
    const padded = this.#columns.map((column, n) => {
      const cell = cells[n] ?? ''
      return n === 0 ? cell.padEnd(widthOf(column)) : cell.padStart(widthOf(column))
    })
    return `| ${padded.join(' | ')} |`
  }
}

/** Columns as wide as what is in them. */
export function markdownTable(titles: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const table = new MarkdownTable(
    titles.map((title, n) => ({ title, width: Math.max(...[titles, ...rows].map((row) => row[n]?.length ?? 0)) })),
  )
  return [...table.head, ...rows.map((row) => table.row(row))]
}

function widthOf({ title, width = 0 }: Column): number {
  return Math.max(width, title.length)
}
