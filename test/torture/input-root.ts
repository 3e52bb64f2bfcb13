const INPUT_ROOT = /^[^/]+\/slots\/\d+(?:\/\d+-\d+)?\/root(?:\/(.+))?$/s

/**
 * What a path below a server's `run` is in the input root of a slot, which keeps there what its last action had: empty for
 * the root itself, undefined for what is elsewhere.
 */
export function pathInInputRoot(path: string): string | undefined {
  const found = INPUT_ROOT.exec(path)
  return found === null ? undefined : (found[1] ?? '')
}
