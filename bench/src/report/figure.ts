/** Three digits that count; more would be noise. */
export function figure(value: number | undefined): string {
  if (value === undefined) return '–'
  if (value >= 100) return Math.round(value).toLocaleString('en-US')
  return value === 0 ? '0' : String(Number(value.toPrecision(value < 1 ? 2 : 3)))
}
