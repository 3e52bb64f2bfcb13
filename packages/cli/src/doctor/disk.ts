import {
  constants,
  copyFileSync,
  linkSync,
  mkdtempSync,
  rmSync,
  type StatsFs,
  statfsSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { showBytes } from '../ui/amounts.js'
import type { Finding } from './finding.js'

/** Of Linux: what statfs calls the file systems that are met most. */
const NAMES: ReadonlyMap<number, string> = new Map([
  [0xef53, 'ext4'],
  [0x58465342, 'xfs'],
  [0x9123683e, 'btrfs'],
  [0x2fc12fc1, 'zfs'],
  [0xf2f52010, 'f2fs'],
  [0x01021994, 'tmpfs'],
  [0x794c7630, 'overlayfs'],
  [0x6969, 'NFS'],
  [0xff534d42, 'CIFS'],
  [0xfe534d42, 'SMB'],
  [0x65735546, 'FUSE'],
  [0x01021997, '9p'],
])

/** Renames and links there are slow, or are not what they are elsewhere. */
const ELSEWHERE = new Set(['NFS', 'CIFS', 'SMB', '9p'])

const PLENTY_BYTES = 5e9
const NEXT = 'another --dir, or local_cache.dir in the configuration'

/** The place of the cache: how much is free there, and what its file system can do. */
export function checkDisk(dir: string): Finding[] {
  const place = existing(dir)
  const stats = statfsSync(place)
  const name = NAMES.get(stats.type) ?? `of type 0x${stats.type.toString(16)}`
  return [freeSpace(dir, stats), fileSystem(place, name)]
}

function freeSpace(dir: string, { bavail, bsize }: StatsFs): Finding {
  const free = bavail * bsize
  const found = { about: 'disk', message: `${showBytes(free)} free for ${dir}` }
  if (free >= PLENTY_BYTES) return { ...found, level: 'ok' }
  return { ...found, level: 'warn', nextStep: `make room, or choose ${NEXT}` }
}

/** Inputs are hard links into the cache; where there are none, each input of each action is copied. */
function fileSystem(place: string, name: string): Finding {
  const about = 'file system'
  let links: boolean
  let reflinks: boolean
  try {
    const directory = mkdtempSync(join(place, '.gorego-doctor-'))
    try {
      const file = join(directory, 'file')
      writeFileSync(file, 'x')
      links = works(() => linkSync(file, join(directory, 'link')))
      reflinks = works(() => copyFileSync(file, join(directory, 'clone'), constants.COPYFILE_FICLONE_FORCE))
    } finally {
      rmSync(directory, { recursive: true })
    }
  } catch (error) {
    return {
      about,
      level: 'fail',
      message: `nothing can be written there: ${(error as Error).message}`,
      nextStep: NEXT,
    }
  }
  const message = `${name}: ${links ? 'hard links' : 'no hard links'}, ${reflinks ? 'reflinks' : 'no reflinks'}`
  if (!links) return { about, level: 'warn', message, nextStep: `inputs will be copied: ${NEXT}` }
  if (ELSEWHERE.has(name))
    return { about, level: 'warn', message, nextStep: `a disk of this machine is better: ${NEXT}` }
  return { about, level: 'ok', message }
}

function works(attempt: () => void): boolean {
  try {
    attempt()
    return true
  } catch {
    return false
  }
}

/** The directory, or the next one above it that is there. */
function existing(path: string): string {
  return works(() => statfsSync(path)) || dirname(path) === path ? path : existing(dirname(path))
}
