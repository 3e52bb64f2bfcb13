import { UsageError } from '../usage-error.js'

const BYTES = {
  B: 1,
  kB: 1e3,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
}
const MS = { s: 1e3, m: 60e3, min: 60e3, h: 3600e3, d: 86_400e3, w: 7 * 86_400e3 }

/** Reads `10GB`, `512MiB`; `flag` is what it was given for. */
export function readBytes(text: string, flag: string, seeAlso: string): number {
  return Math.floor(
    read(text, BYTES, `${flag}: got ${JSON.stringify(text)}, want a size such as 20GB or 512MiB`, seeAlso),
  )
}

/** Reads `30d`, `12h`, in milliseconds. */
export function readAge(text: string, flag: string, seeAlso: string): number {
  return read(text, MS, `${flag}: got ${JSON.stringify(text)}, want an age such as 30d, 12h or 90min`, seeAlso)
}

/** Reads a whole number above 0. */
export function readCount(text: string, flag: string, seeAlso: string): number {
  const count = /^\d{1,9}$/.test(text) ? Number(text) : 0
  if (count > 0) return count
  throw new UsageError(`${flag}: got ${JSON.stringify(text)}, want a whole number above 0`, seeAlso)
}

function read(text: string, units: Readonly<Record<string, number>>, complaint: string, seeAlso: string): number {
  const [, number, unit = ''] = /^(\d+(?:\.\d+)?) ?([A-Za-z]+)$/.exec(text) ?? []
  const factor = Object.hasOwn(units, unit) ? units[unit] : undefined
  const amount = factor === undefined ? Number.NaN : Number(number) * factor
  if (!Number.isSafeInteger(Math.floor(amount))) throw new UsageError(complaint, seeAlso)
  return amount
}

/** `1.5 GB`, of 10⁹ bytes. */
export function showBytes(bytes: number): string {
  if (bytes < 1000) return `${bytes} bytes`
  const [unit, size] = (['TB', 'GB', 'MB'] as const)
    .map((name) => [name, BYTES[name]] as const)
    .find(([, size]) => bytes >= size) ?? ['kB', 1e3]
  return `${(bytes / size).toFixed(1)} ${unit}`
}

/** `12 ms`, `1.50 s`, `12.3 s`, `3 min 20 s`, `5 h 2 min`. */
export function showDuration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`
  if (ms < 120_000) return `${(ms / 1000).toFixed(ms < 10_000 ? 2 : 1)} s`
  const minutes = Math.floor(ms / 60_000)
  return minutes < 120
    ? `${minutes} min ${Math.floor((ms % 60_000) / 1000)} s`
    : `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}
