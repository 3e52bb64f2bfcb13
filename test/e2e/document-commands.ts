import { readFileSync } from 'node:fs'

/** One command line that a document shows. */
export interface DocumentCommand {
  /** `docs/performance.md:3` */
  readonly where: string
  /** Word by word, without what a comment says of it. */
  readonly words: readonly string[]
}

/** Variables before the command, as a shell takes them. */
const SETS_VARIABLE = /^[A-Z][A-Z0-9_]*=/

/** Every line of the indented and of the shell's blocks, and those in `npm …` of the text, that begins with one of these programs. */
export function documentCommands(repository: string, document: string, programs: readonly string[]): DocumentCommand[] {
  const lines = readFileSync(`${repository}/${document}`, 'utf8').split('\n')
  return lines.flatMap((line, index) => {
    const blocks = line.startsWith('    ') ? [line] : []
    const inline = [...line.matchAll(/`([^`]+)`/g)].map(([, code]) => code ?? '')
    return [...blocks, ...inline]
      .map((text) => wordsOf(text))
      .filter(([program = '']) => programs.includes(program))
      .map((words) => ({ where: `${document}:${index + 1}`, words }))
  })
}

function wordsOf(text: string): string[] {
  const words = (text.split(/\s#\s/)[0] ?? '').trim().split(/\s+/)
  const first = words.findIndex((word) => !SETS_VARIABLE.test(word))
  return words.slice(first === -1 ? words.length : first)
}
