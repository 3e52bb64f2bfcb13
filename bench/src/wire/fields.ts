/** Protobuf by hand, for requests that are made while the clock runs and for answers that are only glanced at. */

export function bytesField(number: number, bytes: Uint8Array): Buffer {
  return Buffer.concat([varint(number * 8 + 2), varint(bytes.length), bytes])
}

export function varintField(number: number, value: number): Buffer {
  return Buffer.concat([varint(number * 8), varint(value)])
}

/** How long the content is of a message whose only field, of a number below 16, holds bytes. */
export function onlyFieldLength(message: Buffer): number {
  let header = 1
  while (header < message.length && (message[header] ?? 0) > 0x7f) header++
  return Math.max(0, message.length - header - 1)
}

function varint(value: number): Buffer {
  const bytes: number[] = []
  let rest = value
  for (; rest > 0x7f; rest = Math.floor(rest / 128)) bytes.push((rest & 0x7f) | 0x80)
  return Buffer.from([...bytes, rest])
}
