import { spawnSync } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'

/** For each of the two commands of apt-get; the test runner gives all of a file ten minutes. */
const WITHIN_MS = 200_000

export type FoundProgram = { readonly program: string } | { readonly reason: string }

/** A program on the PATH, installed from its Debian package where that is possible; or why there is none. */
export function debianProgram(name: string, debianPackage = name): FoundProgram {
  const there = onPath(name)
  if (there !== undefined) return { program: there }
  if (onPath('apt-get') === undefined) return { reason: `${name} not found, and no apt-get to install it` }
  if (process.getuid?.() !== 0) {
    return { reason: `${name} not found (apt-get install ${debianPackage}; not root, not tried)` }
  }
  console.log(`${name}: installing ${debianPackage} with apt-get`)
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  for (const args of [['update'], ['install', '-y', '--no-install-recommends', debianPackage]]) {
    const { status } = spawnSync('apt-get', args, { env, stdio: 'ignore', timeout: WITHIN_MS })
    if (status !== 0) return { reason: `${name} not found, and apt-get ${args[0]} ended with ${status}` }
  }
  const installed = onPath(name)
  return installed === undefined
    ? { reason: `${name} not found after installing ${debianPackage}` }
    : { program: installed }
}

function onPath(name: string): string | undefined {
  return (process.env.PATH ?? '')
    .split(delimiter)
    .map((directory) => join(directory, name))
    .find(isExecutable)
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
