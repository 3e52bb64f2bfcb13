const actions = new Set<() => void>()
let listening = false

/**
 * Has `action` called when this process ends, whatever ends it, unless the returned function was called before: a program
 * that fails or is interrupted leaves no process and no file behind. It must be synchronous.
 */
export function onExit(action: () => void): () => void {
  listen()
  actions.add(action)
  return () => actions.delete(action)
}

function listen(): void {
  if (listening) return
  listening = true
  process.on('exit', () => {
    // The last thing that was set up is the first to go.
    for (const action of [...actions].reverse()) attempt(action)
  })
  // Without a listener, a signal ends the process and 'exit' is never emitted.
  process.on('SIGINT', () => process.exit(130))
  process.on('SIGTERM', () => process.exit(143))
  process.on('SIGHUP', () => process.exit(129))
}

/** What one cannot do keeps no other from what it has to. */
function attempt(action: () => void): void {
  try {
    action()
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n`)
  }
}
