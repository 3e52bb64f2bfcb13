/** Control characters, those that turn the direction of what follows or show nothing, and ends of lines. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu
const UNSEEN_BUT_LINES = /(?![\n\t])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu

/** Text of others, which may not move the cursor of whoever reads it: what is no letter becomes an escape. */
export function plainLine(text: string): string {
  return text.replace(UNSEEN, escaped)
}

/** The same for text of several lines. */
export function plainText(text: string): string {
  return text.replace(UNSEEN_BUT_LINES, escaped)
}

function escaped(character: string): string {
  return `\\u{${character.codePointAt(0)?.toString(16)}}`
}
