import { readFile, stat } from 'node:fs/promises'
import { GoregoError, type Logger } from '@gorego/core'
import { ANONYMOUS, AUTHENTICATED } from './permission.js'

/** A name and what it shows, with the line that says so. */
export interface CredentialLine {
  readonly name: string
  readonly secret: string
  /** Throws `invalid-argument` for this line; must not name the secret. */
  readonly refuse: (why: string) => never
}

/** Lines `name<separator>secret` of a file; empty ones and those that begin with # are none. `setting`: what names the file. */
export async function credentialLines(
  path: string,
  separator: RegExp,
  setting: string,
  logger: Logger,
): Promise<CredentialLine[]> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
    const { mode } = await stat(path)
    if ((mode & 0o004) !== 0) logger.warn(`every user of this machine can read ${setting}; chmod o-r`, { file: path })
  } catch (cause) {
    throw new GoregoError('invalid-argument', `${setting} cannot be read: ${(cause as Error).message}`, { cause })
  }
  return text.split('\n').flatMap((written, n) => {
    const line = written.trim()
    if (line === '' || line.startsWith('#')) return []
    const refuse = (why: string): never => {
      throw new GoregoError('invalid-argument', `${setting} ${path}:${n + 1}: ${why}`)
    }
    const at = line.search(separator)
    const [name, secret] = [line.slice(0, Math.max(at, 0)), line.slice(at + 1).trim()]
    if (name === '' || secret === '') refuse('want a name and what it shows')
    if (name === ANONYMOUS || name === AUTHENTICATED) refuse(`${name} stands for others: choose another name`)
    return [{ name, secret, refuse }]
  })
}
