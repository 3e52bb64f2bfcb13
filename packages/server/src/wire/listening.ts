import { lstatSync, rmSync } from 'node:fs'
import { connect, type Server } from 'node:net'
import { GoregoError } from '@gorego/core'
import { parseListenAddress } from '../config/listen-address.js'

/** Says why nobody can be served there, and what to do about it. `setting`: where the address comes from. */
export function cannotListen(listenAddr: string, cause: Error, setting = '--listen'): GoregoError {
  const why = whyNot(listenAddr, cause.message, setting) ?? cause.message
  return new GoregoError('unavailable', `cannot listen on ${listenAddr}: ${why}`, { cause })
}

/** grpc-js has the system's code only in its message. */
function whyNot(listenAddr: string, message: string, setting: string): string | undefined {
  const where = parseListenAddress(listenAddr)
  if (message.includes('EADDRINUSE')) {
    return `something listens there already: stop it, or choose another address with ${setting} (port 0 takes a free one)`
  }
  if (message.includes('EADDRNOTAVAIL')) {
    return `this machine has no such address: choose one that it has with ${setting} (0.0.0.0 for all of them)`
  }
  if (message.includes('ENOTFOUND') || message.includes('EAI_AGAIN') || message.includes('Name resolution failed')) {
    return `nobody knows that name: choose another with ${setting}, or an address`
  }
  // The system says so of a directory that is not there, too.
  if (message.includes('EACCES')) {
    return where?.kind === 'unix'
      ? `its directory is not there, or this user may not write to it: make it, or choose another with ${setting}`
      : `this user may not listen on that port: choose one from 1024 on with ${setting}`
  }
  return undefined
}

/** A server that was killed leaves its socket file behind; one that still answers keeps it. */
export async function removeStaleSocket(path: string): Promise<void> {
  if (!lstatSync(path, { throwIfNoEntry: false })?.isSocket()) return
  const answered = await new Promise<boolean>((resolve) => {
    const socket = connect(path)
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
  if (!answered) rmSync(path, { force: true })
}

export interface ListenOptions {
  /** Permissions of a Unix socket. Default 0600: whoever connects can do what this process can. */
  readonly socketMode?: number
  /** Where the address comes from. */
  readonly setting?: string
}

/** Listens at `host:port` (port 0 takes a free one) or `unix:/path`. Resolves to the same with the real port. */
export async function listenAt(
  server: Server,
  listenAddr: string,
  { socketMode = 0o600, setting }: ListenOptions = {},
): Promise<string> {
  const where = parseListenAddress(listenAddr)
  if (where === undefined) throw new GoregoError('invalid-argument', `cannot listen on ${listenAddr}: it is no address`)
  if (where.kind === 'unix') await removeStaleSocket(where.path)
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(cannotListen(listenAddr, error, setting)))
    if (where.kind === 'tcp') server.listen({ host: where.host, port: where.port }, resolve)
    else withUmask(0o777 & ~socketMode, () => server.listen({ path: where.path }, resolve))
  })
  const bound = server.address()
  return typeof bound === 'object' ? listenAddr.replace(/:\d+$/, `:${bound?.port}`) : listenAddr
}

/** The file is made within the call, so it never has other permissions, and nothing else of ours is made meanwhile. */
function withUmask(mask: number, listen: () => void): void {
  const before = process.umask(mask)
  try {
    listen()
  } finally {
    process.umask(before)
  }
}
