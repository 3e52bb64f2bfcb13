import { arch, platform, release } from 'node:os'
import { version } from '../host.js'
import type { Finding } from './finding.js'

export function checkVersions(): Finding {
  const message = `gorego ${version()}, Node ${process.versions.node}, ${platform()} ${release()} ${arch()}`
  return { about: 'versions', level: 'ok', message }
}
