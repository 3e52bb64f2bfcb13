import { inspect } from 'node:util'

const COLOURS = { debug: 'gray', info: 'green', warn: 'yellow', error: 'red' } as const

/**
 * A line of JSON as a person reads it: `12:34:56.789 warn  a runner died  action=…`, stacks indented below. Much of it
 * comes from clients, so control characters never reach the terminal.
 */
export function readableLine(json: string, { colours }: { readonly colours: boolean }): string {
  const { level, time, msg, ...fields } = JSON.parse(json) as Record<string, unknown>
  const paint = (style: string, text: string) => (colours ? styled(style, text) : text)
  const stacks: string[] = []
  const pairs = Object.entries(fields).map(([name, value]) => {
    if (isError(value)) stacks.push(value.stack)
    return `${paint('dim', `${plain(name)}=`)}${isError(value) ? quoted(value.message) : quoted(value)}`
  })
  const clock = paint('dim', localTime(String(time)))
  const label = paint(COLOURS[level as keyof typeof COLOURS] ?? 'red', String(level).padEnd(5))
  const head = [`${clock} ${label} ${plain(String(msg ?? ''))}`, ...pairs].join('  ')
  const below = stacks
    .flatMap((stack) => stack.split('\n'))
    .map((line) => paint('dim', `    ${plain(line.trimStart())}`))
  return `${[head, ...below].join('\n')}\n`
}

// Not util.styleText: newer Nodes let it look at standard output, which is not where this goes.
function styled(style: string, text: string): string {
  const [on, off] = inspect.colors[style] ?? [0, 0]
  return `\u001b[${on}m${text}\u001b[${off}m`
}

function isError(value: unknown): value is { message: string; stack: string } {
  return typeof (value as { stack?: unknown } | null)?.stack === 'string'
}

/** Text without blanks as it is, everything else as JSON, which has an escape for every control character below 127. */
function quoted(value: unknown): string {
  return typeof value === 'string' && /^[^\s"=]+$/.test(value) ? plain(value) : plain(JSON.stringify(value))
}

function plain(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

function localTime(iso: string): string {
  const date = new Date(iso)
  const two = (value: number) => String(value).padStart(2, '0')
  const clock = [date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(':')
  return `${clock}.${String(date.getMilliseconds()).padStart(3, '0')}`
}
