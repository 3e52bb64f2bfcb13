import { lstatSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { GoregoError } from '@gorego/core'

/** Says why nobody can be served there, and what to do about it. `setting`: where the address comes from. */
export function cannotListen(listenAddr: string, cause: Error, setting = '--listen'): GoregoError {
  const why = cause.message.includes('EADDRINUSE')
    ? `something listens there already: stop it, or choose another address with ${setting} (port 0 takes a free one)`
    : cause.message
  return new GoregoError('unavailable', `cannot listen on ${listenAddr}: ${why}`, { cause })
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
