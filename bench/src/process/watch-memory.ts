import type { TreeUsage } from './process-tree.js'

const EVERY_MS = 200

/** Samples the memory of a process tree; the returned function ends that and tells the most there was, in bytes. */
export function watchMemory(usage: () => TreeUsage | undefined): () => number | undefined {
  let peak: number | undefined
  const sample = () => {
    const bytes = usage()?.rssBytes
    if (bytes !== undefined) peak = Math.max(peak ?? 0, bytes)
  }
  sample()
  const timer = setInterval(sample, EVERY_MS)
  return () => {
    clearInterval(timer)
    sample()
    return peak
  }
}
