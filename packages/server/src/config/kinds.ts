import { parseListenAddress } from './listen-address.js'

/** Resolves a path against where it was written: the file's directory, or the working directory. */
export type ResolvePath = (path: string) => string

/** What values a setting takes. Both readers return undefined for what does not fit; no setting's value is undefined. */
export interface Kind<T> {
  /** Completes "want …". */
  readonly wants: string
  /** From a variable or a flag. */
  fromText(text: string, resolvePath: ResolvePath): T | undefined
  /** From a file: text, number, boolean, a Map, or a list of scalars; in a list, undefined stands for anything else. */
  fromYaml(value: unknown, resolvePath: ResolvePath): T | undefined
}

/** One of some words. */
export function oneOf<T extends string>(words: readonly T[]): Kind<T> {
  const find = (value: unknown) => words.find((word) => word === value)
  return { wants: `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`, fromText: find, fromYaml: find }
}

/** Several values of one kind: a list in a file, text with commas between them anywhere. Each value counts once. */
export function listOf<T>(kind: Kind<T>, { min = 0 }: { readonly min?: number } = {}): Kind<readonly T[]> {
  const collect = (values: readonly (T | undefined)[]) => {
    const known = values.filter((value) => value !== undefined)
    return known.length === values.length && known.length >= min ? [...new Set(known)] : undefined
  }
  const fromText: Kind<readonly T[]>['fromText'] = (text, resolvePath) =>
    collect(text.split(',').map((item) => kind.fromText(item.trim(), resolvePath)))
  return {
    wants: `a list${min > 0 ? ` of ${min} or more` : ''}, each of them ${kind.wants}`,
    fromText,
    fromYaml: (value, resolvePath) => {
      if (typeof value === 'string') return fromText(value, resolvePath)
      return Array.isArray(value) ? collect(value.map((item) => kind.fromYaml(item, resolvePath))) : undefined
    },
  }
}

export const boolean: Kind<boolean> = {
  wants: 'true or false',
  fromText: (text) => (text === 'true' || text === '1' ? true : text === 'false' || text === '0' ? false : undefined),
  fromYaml: (value) => (typeof value === 'boolean' ? value : undefined),
}

export interface NumberRange {
  /** What is counted, as in "a number of gigabytes". */
  readonly of?: string
  readonly min: number
  readonly max?: number
}

export function wholeNumber({ of, min, max }: NumberRange): Kind<number> {
  const upTo = max === undefined ? `${min} or more` : `from ${min} to ${max}`
  return numeric(`a whole number${of === undefined ? '' : ` of ${of}`}, ${upTo}`, (value) => {
    return Number.isSafeInteger(value) && value >= min && value <= (max ?? value)
  })
}

export function positiveNumber({ of }: { readonly of: string }): Kind<number> {
  return numeric(`a number of ${of} above 0`, (value) => Number.isFinite(value) && value > 0)
}

export function numberFromZero({ of }: { readonly of: string }): Kind<number> {
  return numeric(`a number of ${of}, 0 or more`, (value) => Number.isFinite(value) && value >= 0)
}

/** A part of something, and not nothing. */
export const share: Kind<number> = numeric('a number above 0 and up to 1', (value) => value > 0 && value <= 1)

/** How likely something is. */
export const probability: Kind<number> = numeric('a number from 0 to 1', (value) => value >= 0 && value <= 1)

function numeric(wants: string, fits: (value: number) => boolean): Kind<number> {
  const check = (value: number) => (fits(value) ? value : undefined)
  return {
    wants,
    fromText: (text) => (/^\d+(\.\d+)?$/.test(text) ? check(Number(text)) : undefined),
    fromYaml: (value) => (typeof value === 'number' ? check(value) : undefined),
  }
}

export const path: Kind<string> = textual('a path', (text, resolvePath) => {
  return text === '' || text.includes('\0') ? undefined : resolvePath(text)
})

/** Three octal digits, whether YAML takes them for a number or not. The owner has to be able to connect. */
export const socketMode: Kind<number> = {
  wants: 'permissions of a socket in octal such as 600 or 660, which begin with a 6 or a 7',
  fromText: readMode,
  fromYaml: (value) => readMode(String(value)),
}

function readMode(text: string): number | undefined {
  return /^0?[67][0-7]{2}$/.test(text) ? Number.parseInt(text, 8) : undefined
}

export const listenAddress: Kind<string> = textual(
  'host:port such as 127.0.0.1:50051 (0.0.0.0 for every interface; port 0 takes a free one) or unix:/path',
  (text, resolvePath) => {
    const address = parseListenAddress(text)
    return address?.kind === 'unix' ? `unix:${resolvePath(address.path)}` : address && text
  },
)

export const serverAddress: Kind<string> = textual(
  'grpc://host:port, grpcs://host:port or unix:/path',
  (text, resolvePath) => {
    const [, scheme, rest = ''] = /^(?:(grpcs?):\/\/)?(.+)$/.exec(text) ?? []
    const address = parseListenAddress(rest)
    if (address === undefined || (address.kind === 'unix' && scheme !== undefined)) return undefined
    return address.kind === 'unix' ? `unix:${resolvePath(address.path)}` : text
  },
)

/** A kind that a file, too, gives as text. */
export function textual<T>(wants: string, fromText: Kind<T>['fromText']): Kind<T> {
  return {
    wants,
    fromText,
    fromYaml: (value, resolvePath) => (typeof value === 'string' ? fromText(value, resolvePath) : undefined),
  }
}
