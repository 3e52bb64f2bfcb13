import type { Surroundings } from '@gorego/server'

/** How often we look, in milliseconds. */
const LOOK_EVERY_MS = 500

/**
 * `kill` on npx reaches npx and the shell that it started, and not what that shell runs: the server would live on, alone,
 * with its port. So under npx, losing the parent process counts as being told to stop. Elsewhere a server may well
 * outlive whoever started it.
 */
export function watchParent(
  { env }: Pick<Surroundings, 'env'>,
  onOrphaned: () => void,
  parent: () => number = () => process.ppid,
): Disposable {
  if (env.npm_command !== 'exec') return { [Symbol.dispose]() {} }
  const first = parent()
  const timer = setInterval(() => {
    if (parent() === first) return
    clearInterval(timer)
    onOrphaned()
  }, LOOK_EVERY_MS)
  timer.unref()
  return { [Symbol.dispose]: () => clearInterval(timer) }
}
