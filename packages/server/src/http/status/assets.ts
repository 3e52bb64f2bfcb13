import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { GoregoError } from '@gorego/core'
import type { Answer } from '../route.js'

/** Where the page's files are: below the package, seen from its sources or from its one bundled file. */
const PLACES = ['../../../assets/status/', '../assets/status/']

const TYPES: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  svg: 'image/svg+xml',
}

/**
 * What a page may do: run our script, look like our sheet says, show our icon, and ask this server. Everything on it comes from clients, and nothing of
 * that can become a script, a frame or a form.
 */
const POLICY = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
}

/** A file of the page, read when it is asked for. */
export function assetAnswer(name: string): Answer {
  const place = PLACES.map((relative) => fileURLToPath(new URL(`${relative}${name}`, import.meta.url))).find(existsSync)
  if (place === undefined)
    throw new GoregoError(
      'not-found',
      `the status page's ${name} is not where @gorego/server was installed: a program that bundles it has to keep the package's "assets" directory`,
    )
  const contentType = TYPES[name.slice(name.lastIndexOf('.') + 1)] ?? 'application/octet-stream'
  return { status: 200, contentType, body: readFileSync(place), headers: POLICY }
}
