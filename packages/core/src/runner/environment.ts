import { GoregoError } from '../errors/index.js'
import type { Command } from '../proto/messages.js'

/** CM-03: the variables of a Command, and no others. Of one that is set twice the last counts. */
export function environmentOf(command: Command): Record<string, string> {
  // No prototype: a variable may be called __proto__.
  const env: Record<string, string> = Object.create(null)
  for (const variable of command.getEnvironmentVariablesList()) {
    const name = variable.getName()
    if (name === '' || name.includes('=') || name.includes('\0') || variable.getValue().includes('\0')) {
      throw new GoregoError(
        'invalid-argument',
        `${JSON.stringify(name)} cannot be an environment variable of the command`,
      )
    }
    env[name] = variable.getValue()
  }
  return env
}
