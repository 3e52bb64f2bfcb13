import { fileURLToPath } from 'node:url'

/** What scripts/lib/build-packages.mjs makes of native/give-back.addon.c. */
const FILE = `give-back-${process.platform}-${process.arch}.node`

let give: (() => void) | undefined

/**
 * Has malloc give the system back the pages in which nothing is left, some ms for tens of megabytes. By itself glibc does so only with those at the end of its
 * heap, and not before there are twice as many as it once had in one piece: 64 MB, after large uploads. Where the package has no native part for this machine, or the C library
 * knows nothing of the kind, nothing happens.
 */
export function giveBack(): void {
  give ??= loaded()
  give()
}

function loaded(): () => void {
  const { url } = import.meta
  const dist = new URL(url.endsWith('.ts') ? '../../dist/' : './', url)
  const addon: { exports: unknown } = { exports: {} }
  try {
    process.dlopen(addon, fileURLToPath(new URL(FILE, dist)))
  } catch {
    // Not built, or not for this system; or native code is forbidden here.
  }
  const { exports } = addon
  return typeof exports === 'function' ? () => void exports() : () => {}
}
