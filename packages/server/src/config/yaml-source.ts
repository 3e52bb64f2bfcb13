import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml'
import type { ConfigProblem } from './config-error.js'
import type { Findings, FoundValue } from './found-value.js'
import type { ResolvePath } from './kinds.js'
import { nearest } from './nearest.js'
import { type SettingEntry, settingEntries } from './settings.js'

/** Reads the text of a config.yaml. `file` is what problems call it. */
export function readYaml(text: string, file: string, resolvePath: ResolvePath): Findings {
  return new YamlReader(text, file, resolvePath).read()
}

class YamlReader {
  readonly #lines = new LineCounter()
  readonly #document
  readonly #file: string
  readonly #resolvePath: ResolvePath
  readonly #values: FoundValue[] = []
  readonly #problems: ConfigProblem[] = []

  constructor(text: string, file: string, resolvePath: ResolvePath) {
    this.#document = parseDocument(text, { lineCounter: this.#lines, prettyErrors: false })
    this.#file = file
    this.#resolvePath = resolvePath
  }

  read(): Findings {
    const { contents, errors } = this.#document
    for (const { message, pos } of errors) this.#problem(pos[0], message)
    // What a broken file seems to say is not worth a complaint.
    if (errors.length === 0) this.#readSection(contents, '', contents?.range?.[0] ?? 0)
    return { values: this.#values, problems: this.#problems }
  }

  /** `above` is the section's key with a dot, or nothing for the whole file. */
  #readSection(node: Node | null, above: string, offset: number): void {
    const section = this.#resolve(node)
    // A section with all its lines commented out.
    if (isEmpty(section)) return
    if (!isMap(section)) {
      const what = above === '' ? 'the file' : above.slice(0, -1)
      this.#problem(offset, `${what}: got ${describe(section)}, want keys with values`)
      return
    }
    for (const { key, value } of (section as YAMLMap<Node, Node | null>).items) {
      const name = isScalar(key) ? String(key.value) : String(key)
      this.#readPair(above + name, above, value, key.range?.[0] ?? offset)
    }
  }

  #readPair(key: string, above: string, node: Node | null, offset: number): void {
    const name = key.slice(above.length)
    const entry = name.includes('.') ? undefined : settingEntries.find((candidate) => candidate.key === key)
    if (settingEntries.some((candidate) => candidate.key.startsWith(`${key}.`))) {
      this.#readSection(node, `${key}.`, offset)
    } else if (entry === undefined) {
      this.#problem(offset, unknownKey(name, above))
    } else {
      const written = this.#resolve(node)
      // `build_root:` without a value: the default.
      if (!isEmpty(written)) this.#readValue(entry, written, offset)
    }
  }

  #readValue(entry: SettingEntry, node: Node, offset: number): void {
    const value = entry.kind.fromYaml(this.#plain(node), this.#resolvePath)
    if (value !== undefined) this.#values.push({ entry, value })
    else this.#problem(offset, `${entry.key}: got ${describe(node)}, want ${entry.kind.wants}`)
  }

  /** What a kind gets to read: a scalar, a list of them, or a Map. Undefined, which no kind takes, for anything else. */
  #plain(node: Node | null): unknown {
    if (isMap(node)) return node.toJS(this.#document, { mapAsMap: true })
    if (!isSeq(node)) return isScalar(node) ? node.value : undefined
    return (node as YAMLSeq<Node | null>).items.map((item) => {
      const written = this.#resolve(item)
      return isScalar(written) ? written.value : undefined
    })
  }

  #resolve(node: Node | null): Node | null {
    return isAlias(node) ? (node.resolve(this.#document) ?? null) : node
  }

  #problem(offset: number, message: string): void {
    this.#problems.push({ where: `${this.#file}:${this.#lines.linePos(offset).line}`, message })
  }
}

function isEmpty(node: Node | null): node is null {
  return node === null || (isScalar(node) && node.value === null)
}

function describe(node: Node): string {
  if (isMap(node)) return 'keys with values'
  if (!isScalar(node)) return 'a list'
  const { value } = node
  return typeof value === 'string' ? `the text ${JSON.stringify(value)}` : `the ${typeof value} ${value}`
}

function unknownKey(name: string, above: string): string {
  const keys = settingEntries.map((entry) => entry.key)
  const siblings = new Set(
    keys.filter((key) => key.startsWith(above)).map((key) => key.slice(above.length).split('.')[0] ?? ''),
  )
  const misplaced = keys.find((key) => key === name || key.endsWith(`.${name}`))
  const sibling = misplaced === undefined ? nearest(name, siblings) : undefined
  const meant = misplaced ?? (sibling === undefined ? nearest(name, keys) : above + sibling)
  const complaint = `unknown key ${above}${name}`
  if (meant === undefined) return `${complaint}; known here: ${[...siblings].join(', ')}`
  if (sibling !== undefined) return `${complaint}; did you mean ${meant}?`
  const [section, key] = meant.split('.')
  const place = key === undefined ? 'which is not indented' : `that is ${key}, indented below ${section}:`
  return `${complaint}; did you mean ${meant}, ${place}?`
}
