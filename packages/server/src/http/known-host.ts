import type { IncomingMessage } from 'node:http'
import { isIP } from 'node:net'
import { isReachableFromOutside, parseListenAddress } from '../config/listen-address.js'
import { type Answer, plain } from './route.js'

/** Whether a request that has this Host may be answered. */
export type HostCheck = (host: string | undefined) => boolean

/**
 * Whether a request came by a name that people here use for the server. What listens on loopback is for programs of this machine; a
 * browser is one, and runs what other people wrote: a page of theirs can have its own name lead to 127.0.0.1 (DNS rebinding) and then
 * read and write here as if it came from here. It cannot choose another Host than its name. Addresses that other machines reach are called by
 * names that nobody here knows, and are guarded by permissions.
 */
export function createHostCheck(listenAddr: string, hosts: readonly string[]): HostCheck {
  const address = parseListenAddress(listenAddr)
  if (address === undefined || address.kind === 'unix' || isReachableFromOutside(address)) return () => true
  // Browsers always send one.
  return (host) => host === undefined || isKnownHost(host, hosts)
}

function isKnownHost(host: string, hosts: readonly string[]): boolean {
  const name = host.replace(/:\d+$/, '').toLowerCase()
  if (isIP(name.replace(/^\[(.*)\]$/, '$1')) !== 0) return true
  return name === 'localhost' || name.endsWith('.localhost') || hosts.includes(name)
}

export function unknownHost({ headers }: IncomingMessage): Answer {
  const host = JSON.stringify(headers.host?.slice(0, 100))
  return plain(
    421,
    `this server listens on loopback and is not called ${host} there, as far as it knows: use localhost, or give it that name with http.hosts`,
  )
}
