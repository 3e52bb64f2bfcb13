/** Rows below a heading, each column as wide as its widest cell, the last one as long as it is. Ends with a line break. */
export function table(heading: readonly string[], rows: readonly (readonly string[])[]): string {
  return columns([heading, ...rows])
}

/** Names and values below each other; those without a value are left out. */
export function facts(rows: readonly (readonly [name: string, value: string | undefined])[]): string {
  return columns(rows.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])))
}

function columns(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  const line = (row: readonly string[]) =>
    row.map((cell, column) => (column === row.length - 1 ? cell : cell.padEnd(widths[column] ?? 0))).join('  ')
  return rows.map((row) => `${line(row).trimEnd()}\n`).join('')
}
