import type { Kind } from './kinds.js'

/** A password in it would be in logs and lists of processes. */
export const httpUrl: Kind<string> = {
  wants: 'http://host:port/path or https://host:port/path, without a user or password',
  fromText: readUrl,
  fromYaml: (value) => (typeof value === 'string' ? readUrl(value) : undefined),
}

function readUrl(text: string): string | undefined {
  if (!URL.canParse(text)) return undefined
  const { protocol, username, password, href } = new URL(text)
  return /^https?:$/.test(protocol) && username === '' && password === '' ? href : undefined
}
