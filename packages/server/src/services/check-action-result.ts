import { type DigestFunction, GoregoError, reapi } from '@gorego/core'

/**
 * AC-10: what a client stores, others get, and write to their disks. Throws `invalid-argument` for what no command can
 * have left: paths that lead out or are not plain, two outputs in one place, digests that are none.
 */
export function checkActionResult(result: reapi.ActionResult, fn: DigestFunction): void {
  const places = new Set<string>()
  for (const file of result.getOutputFilesList()) {
    checkOutputPath(file.getPath())
    occupy(places, file.getPath())
    reapi.fromDigestMessage(fn, file.getDigest(), `the digest of ${shown(file.getPath())}`)
  }
  for (const directory of result.getOutputDirectoriesList()) {
    // The working directory as a whole has an empty path.
    if (directory.getPath() !== '') checkOutputPath(directory.getPath())
    occupy(places, directory.getPath())
    checkDirectoryDigests(directory, fn)
  }
  const links = result.getOutputSymlinksList()
  // The lists of REAPI 2.0 say the same again, for clients that know no other.
  const oldLinks = [...result.getOutputFileSymlinksList(), ...result.getOutputDirectorySymlinksList()]
  for (const link of [...links, ...oldLinks]) checkLink(link)
  for (const { path } of links.map((link) => ({ path: link.getPath() }))) occupy(places, path)
  for (const digest of [result.getStdoutDigest(), result.getStderrDigest()]) {
    if (digest !== undefined) reapi.fromDigestMessage(fn, digest, 'the digest of stdout or stderr')
  }
}

function checkDirectoryDigests(directory: reapi.OutputDirectory, fn: DigestFunction): void {
  const digests = [directory.getTreeDigest(), directory.getRootDirectoryDigest()].filter(
    (digest) => digest !== undefined,
  )
  const path = shown(directory.getPath())
  if (digests.length === 0)
    throw refuse(`the output directory ${path} has neither tree_digest nor root_directory_digest`)
  for (const digest of digests) reapi.fromDigestMessage(fn, digest, `the digest of ${path}`)
}

function checkLink(link: reapi.OutputSymlink): void {
  checkOutputPath(link.getPath())
  const target = link.getTarget()
  if (target === '' || target.includes('\0')) {
    throw refuse(`the output symlink ${shown(link.getPath())} has the target ${shown(target)}, which no link can have`)
  }
}

function checkOutputPath(path: string): void {
  const segments = path.split('/')
  if (!path.includes('\0') && segments.every((segment) => segment !== '' && segment !== '..')) return
  throw refuse(
    `the output path ${shown(path)} must be relative and plain: no slash at an end, no empty segment, none that leads up`,
  )
}

/** OR-01: an output is one thing. */
function occupy(places: Set<string>, path: string): void {
  const place = path
    .split('/')
    .filter((segment) => segment !== '.')
    .join('/')
  if (places.has(place)) throw refuse(`there are two outputs at ${shown(path)}`)
  places.add(place)
}

function shown(text: string): string {
  return JSON.stringify(text.slice(0, 200))
}

function refuse(why: string): GoregoError {
  return new GoregoError('invalid-argument', `the result cannot be stored: ${why}`)
}
