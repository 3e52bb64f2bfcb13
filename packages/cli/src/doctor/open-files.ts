import { readFileSync } from 'node:fs'
import type { Finding } from './finding.js'

/** A server has a file for each connection, upload and download, and a few for each slot. */
const ENOUGH = 4096

/** How many files a process of ours may have open; nothing where the system does not say (anything but Linux). */
export function checkOpenFiles(limits: string | undefined = readLimits()): Finding | undefined {
  const [, soft = ''] = /^Max open files +(\d+|unlimited)/m.exec(limits ?? '') ?? []
  if (soft === '') return undefined
  const found = { about: 'open files', message: `${soft} at a time` }
  if (soft === 'unlimited' || Number(soft) >= ENOUGH) return { ...found, level: 'ok' }
  const nextStep = `ulimit -n ${ENOUGH} (LimitNOFILE= in a unit of systemd), or many clients at once are refused`
  return { ...found, level: 'warn', nextStep }
}

function readLimits(): string | undefined {
  try {
    return readFileSync('/proc/self/limits', 'latin1')
  } catch {
    return undefined
  }
}
