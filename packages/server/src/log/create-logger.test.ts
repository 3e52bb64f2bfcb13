import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { createLogger, type LoggerOptions } from './create-logger.js'

function collect(options: Partial<LoggerOptions> = {}) {
  const lines: string[] = []
  const sink = { write: (text: string) => lines.push(text) }
  return { lines, logger: createLogger({ level: 'info', format: 'json', sink, ...options }) }
}

const only = (lines: readonly string[]): string => {
  assert.is(lines.length, 1)
  return lines[0] ?? ''
}

test('one JSON object a line: level and time in words, message, fields', () => {
  const { lines, logger } = collect()
  logger.warn('a runner died', { action: 'abc', slots: 2 })
  const line = only(lines)
  assert.ok(line.endsWith('}\n'))
  const { time, ...rest } = JSON.parse(line)
  assert.equal(rest, { level: 'warn', msg: 'a runner died', action: 'abc', slots: 2 })
  assert.is(new Date(time).toISOString(), time)
})

test('what is below the level is not written', () => {
  const { lines, logger } = collect({ level: 'warn' })
  logger.debug('no')
  logger.info('no')
  logger.warn('yes')
  logger.error('yes')
  assert.is(lines.length, 2)
})

test('errors keep their message, stack and cause', () => {
  const { lines, logger } = collect()
  logger.error('it failed', { error: new Error('outer', { cause: new TypeError('inner') }) })
  const { error } = JSON.parse(only(lines))
  assert.is(error.message, 'outer: inner')
  assert.match(error.stack, /create-logger\.test/)
})

test('secrets are not written', () => {
  for (const format of ['json', 'text'] as const) {
    const { lines, logger } = collect({ format })
    logger.info('a call', { token: 'xyzzy', headers: { authorization: 'Bearer xyzzy', path: '/p' } })
    assert.not.match(only(lines), 'xyzzy')
    assert.match(only(lines), 'not logged')
    assert.match(only(lines), '/p')
  }
})

test("fields cannot take the place of the message's own", () => {
  const { lines, logger } = collect()
  logger.info('true', { msg: 'false', level: 'false' })
  const { msg, level, msg_ } = JSON.parse(only(lines))
  assert.equal([msg, level, msg_], ['true', 'info', 'false'])
})

test('for a person: one line, quotes only where needed, stacks below', () => {
  const { lines, logger } = collect({ format: 'text' })
  logger.info('started', { slots: 2, dir: '/var/my cache', listen: '127.0.0.1:1' })
  assert.match(
    only(lines),
    /^\d\d:\d\d:\d\d\.\d{3} info {2}started {2}slots=2 {2}dir="\/var\/my cache" {2}listen=127\.0\.0\.1:1\n$/,
  )
  logger.error('failed', { error: new Error('no') })
  assert.match(lines[1] ?? '', / error failed {2}error=no\n {4}Error: no\n {4}at .*\n/)
})

test('what clients send cannot play with the terminal', () => {
  const { lines, logger } = collect({ format: 'text' })
  logger.info('instance \u001b[2J\rgone', { name: 'a\u009b2Jb\u001b[0m', list: ['\u0007'] })
  assert.match(only(lines), 'instance \\u001b[2J\\u000dgone  name=a\\u009b2Jb\\u001b[0m  list=["\\u0007"]')
  assert.not.match(only(lines).slice(0, -1), /\p{Cc}/u)
})

test('colours only when asked for', () => {
  const coloured = collect({ format: 'text', colours: true })
  coloured.logger.info('x', { y: 1 })
  assert.match(only(coloured.lines), '\u001b[32m')
})

test.run()
