import type { Answer, Digest, OperationState } from '@gorego/core'

/** Of which actions to tell. */
export interface HistoryQuery {
  readonly instance: string
  /** As the client says it: `//app:main`. */
  readonly target: string
  /** The kind of action, `CppCompile`. Of all kinds where it is absent. */
  readonly mnemonic?: string
}

/** An action that was executed, or answered from the cache. */
export interface RecentAction {
  readonly digest: Digest
  readonly mnemonic: string
  /** When it ended the last time, in milliseconds since 1970. */
  readonly endedAt: number
}

/** What can be asked of whoever remembers actions, wherever that is. */
export interface History {
  /** The youngest first, each action once. */
  recent(query: HistoryQuery): Answer<readonly RecentAction[]>
}

/** Of one target and mnemonic: more sources than that has hardly any library. */
const MOST_OF_A_KIND = 1000

/** Of all targets: some 20 MB. */
const MOST = 50_000

/** What actions there were of each target, the youngest; in memory, and without reading anything. */
export class ActionHistory implements History {
  readonly #most: number
  /** By instance and target, those used longest ago first; then by mnemonic and digest, the oldest first. */
  readonly #targets = new Map<string, Map<string, RecentAction>>()
  #size = 0

  constructor(most = MOST) {
    this.#most = most
  }

  /** Remembers an operation that has completed with a result, if its client said for which target. */
  note({ instance, action: digest, labels = {}, enteredAt, outcome }: OperationState): void {
    const { target = '', mnemonic = '' } = labels
    if (target === '' || outcome?.result === undefined) return
    const key = keyOf(instance, target)
    const actions = this.#targets.get(key) ?? new Map<string, RecentAction>()
    this.#targets.delete(key)
    this.#targets.set(key, actions)
    const name = `${mnemonic}\n${digest.key}`
    if (actions.delete(name)) this.#size--
    actions.set(name, { digest, mnemonic, endedAt: enteredAt.completed ?? 0 })
    this.#size++
    if (actions.size > MOST_OF_A_KIND) this.#forgetOldest(key, actions)
    while (this.#size > this.#most) {
      const [oldestKey, oldest] = this.#targets.entries().next().value ?? [key, actions]
      this.#forgetOldest(oldestKey, oldest)
    }
  }

  recent({ instance, target, mnemonic }: HistoryQuery): readonly RecentAction[] {
    const actions = [...(this.#targets.get(keyOf(instance, target))?.values() ?? [])].reverse()
    return mnemonic === undefined ? actions : actions.filter((action) => action.mnemonic === mnemonic)
  }

  #forgetOldest(key: string, actions: Map<string, RecentAction>): void {
    const [oldest] = actions.keys()
    if (oldest !== undefined && actions.delete(oldest)) this.#size--
    if (actions.size === 0) this.#targets.delete(key)
  }
}

/** Both are what clients say, and can have anything in them. */
function keyOf(instance: string, target: string): string {
  return JSON.stringify([instance, target])
}
