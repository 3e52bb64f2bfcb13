import type { ConfigProblem } from './config-error.js'
import type { Findings, FoundValue } from './found-value.js'
import type { ResolvePath } from './kinds.js'
import { nearest } from './nearest.js'
import type { ConfigFlag } from './setting.js'
import { type SettingEntry, settingEntries } from './settings.js'

/** Variables of that name are ours, except these: our own tests set some, and others are for commands that talk to a server. */
const OURS = /^GOREGO_(?!TEST_|CLI$|REMOTE(?:_|$))/

/** Reads GOREGO_* variables. An empty one counts as not set: that is what an unset `${X}` in somebody's script leaves. */
export function readEnvironment(
  env: Readonly<Record<string, string | undefined>>,
  resolvePath: ResolvePath,
): Findings & { readonly warnings: readonly string[] } {
  const given = settingEntries.map((entry) => ({
    entry,
    where: entry.variable,
    text: env[entry.variable] || undefined,
  }))
  return { ...readTexts(given, resolvePath), warnings: Object.keys(env).flatMap(unknownVariable) }
}

/**
 * Only a warning: an orchestrator may set variables that begin like ours without being asked (in Kubernetes, a service
 * called gorego gives every pod GOREGO_PORT and more).
 */
function unknownVariable(name: string): string[] {
  const known = settingEntries.map((entry) => entry.variable)
  if (!OURS.test(name) || known.includes(name)) return []
  const meant = nearest(
    name.slice('GOREGO_'.length),
    known.map((variable) => variable.slice('GOREGO_'.length)),
  )
  return [`the environment variable ${name} means nothing to gorego${meant ? `; did you mean GOREGO_${meant}?` : ''}`]
}

/** Reads the flags that were given, by their names without dashes. */
export function readFlags(flags: Readonly<Partial<Record<ConfigFlag, string>>>, resolvePath: ResolvePath): Findings {
  const given = settingEntries.map((entry) => ({
    entry,
    where: `--${entry.flag}`,
    text: entry.flag === undefined ? undefined : flags[entry.flag],
  }))
  const found = readTexts(given, resolvePath)
  const resets = settingEntries.filter(({ resetBy }) => resetBy !== undefined && flags[resetBy] !== undefined)
  return { ...found, values: [...found.values, ...resets.map((entry) => ({ entry, value: undefined }))] }
}

interface GivenText {
  readonly entry: SettingEntry
  readonly where: string
  readonly text: string | undefined
}

function readTexts(given: readonly GivenText[], resolvePath: ResolvePath): Findings {
  const values: FoundValue[] = []
  const problems: ConfigProblem[] = []
  for (const { entry, where, text } of given) {
    if (text === undefined) continue
    const value = entry.kind.fromText(text, resolvePath)
    if (value !== undefined) values.push({ entry, value })
    else problems.push({ where, message: `got ${JSON.stringify(text)}, want ${entry.kind.wants}` })
  }
  return { values, problems }
}
