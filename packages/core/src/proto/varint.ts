/** How many bytes a number takes as a varint: seven bits each. For whole numbers from 0 up to 2^53. */
export function varintLength(value: number): number {
  let length = 1
  for (let rest = value; rest > 0x7f; rest = Math.floor(rest / 128)) length++
  return length
}

/** Writes a varint; returns where it ends. */
export function writeVarint(out: Uint8Array, start: number, value: number): number {
  let at = start
  let rest = value
  for (; rest > 0x7f; rest = Math.floor(rest / 128)) out[at++] = (rest % 128) | 0x80
  out[at++] = rest
  return at
}
