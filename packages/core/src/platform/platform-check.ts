import { GoregoError } from '../errors/index.js'
import { type Logger, silentLogger } from '../observe/index.js'
import { isForeignProperty } from './foreign-properties.js'
import { platformOfMachine, thisMachine } from './machine-platform.js'
import { networkOf } from './network.js'
import { type PlatformPolicy, type PlatformProperty, platformProperties } from './platform.js'

/** What the machine is said to be and have, and what becomes of properties that are not known. */
export interface PlatformCheckOptions {
  /** Beside what the machine says of itself, or in its place where names are the same. */
  readonly labels?: readonly PlatformProperty[]
  /** Default `standard`. */
  readonly policy?: PlatformPolicy
  /** Whether actions are kept from the network unless they ask for it. Default false: they have it, and cannot ask for less. */
  readonly withoutNetwork?: boolean
  /** Is warned of each property that is ignored, once. */
  readonly logger?: Logger
}

/** Throws `failed-precondition` for what no slot can ever run, and `invalid-argument` for what contradicts itself. */
export type PlatformCheck = (requested: readonly PlatformProperty[]) => void

/** Whoever makes up names must not make us remember them all. */
const MAX_WARNINGS = 1000

/** How many of its values a property that is not met is explained with, and how long a name or a value is written. */
const MAX_EXPLAINED = 40
const MAX_SHOWN = 100

const OS_FAMILY = 'OSFamily'

/** What this machine has and what it is labelled with, against what actions ask for (PL-01 … PL-04). */
export function createPlatformCheck(options: PlatformCheckOptions = {}): PlatformCheck {
  const { labels = [], policy = 'standard', withoutNetwork = false, logger = silentLogger } = options
  const offered = valuesByName(platformProperties(platformOfMachine(thisMachine())))
  for (const [name, values] of valuesByName(labels)) offered.set(name, values)
  const warned = new Set<string>()

  return (requested) => {
    refuseTwoSystems(requested)
    for (const { name, value } of requested) {
      const values = offered.get(name)
      if (values?.has(canonical(name, value))) continue
      if (values !== undefined) throw notMet(name, value, values)
      const network = networkOf({ name, value })
      if (network === 'on' || (network === 'off' && withoutNetwork)) continue
      const isForeign = isForeignProperty(name)
      if (policy === 'strict' || (policy === 'standard' && !isForeign)) throw unknown(name, value, isForeign, policy)
      warnOnce(name, value)
    }
  }

  function warnOnce(name: string, value: string): void {
    if (warned.has(name) || warned.size >= MAX_WARNINGS) return
    warned.add(name)
    logger.warn('a platform property of actions is ignored: no worker here knows it', {
      property: name.slice(0, MAX_SHOWN),
      value: value.slice(0, MAX_SHOWN),
    })
  }
}

function valuesByName(properties: readonly PlatformProperty[]): Map<string, ReadonlySet<string>> {
  const found = new Map<string, Set<string>>()
  for (const { name, value } of properties) {
    const values = found.get(name) ?? new Set()
    found.set(name, values.add(canonical(name, value)))
  }
  return found
}

/** PL-02: `Linux` and `linux` are the same; everything else is compared as it is. BuildBuddy calls macOS darwin. */
function canonical(name: string, value: string): string {
  if (name !== OS_FAMILY) return value
  const family = value.toLowerCase()
  return family === 'darwin' ? 'macos' : family
}

/** PL-02: OSFamily is one value. */
function refuseTwoSystems(requested: readonly PlatformProperty[]): void {
  const families = new Set<string>()
  for (const { name, value } of requested) if (name === OS_FAMILY) families.add(canonical(name, value))
  if (families.size > 1) {
    throw new GoregoError(
      'invalid-argument',
      `the action asks for ${families.size} values of OSFamily, which can only have one`,
    )
  }
}

function notMet(name: string, value: string, values: ReadonlySet<string>): GoregoError {
  const has = [...values].slice(0, MAX_EXPLAINED).join(', ')
  return new GoregoError(
    'failed-precondition',
    `no worker can run this action: it asks for the platform ${shown(name)} = ${shown(value)}, and what there is has ${shown(name)} = ${has}; the setting execution.platform can add to that`,
  )
}

function unknown(name: string, value: string, isForeign: boolean, policy: PlatformPolicy): GoregoError {
  const cure = isForeign
    ? 'standard ignores such properties of other services'
    : 'lenient ignores properties that no worker knows'
  return new GoregoError(
    'failed-precondition',
    `no worker can run this action: it asks for the platform ${shown(name)} = ${shown(value)}, which no worker knows; the setting execution.platform can add it, and execution.platform_policy, which is ${policy}, can let it pass (${cure})`,
  )
}

/** Names and values come from clients. */
function shown(text: string): string {
  const cut = text.slice(0, MAX_SHOWN)
  return /^[\w.+:/@-]+$/.test(cut) ? cut : JSON.stringify(cut)
}
