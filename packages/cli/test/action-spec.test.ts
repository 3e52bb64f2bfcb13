import { tmpdir } from 'node:os'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { actionSpec } from '../src/action/action-spec.js'
import { run } from '../src/commands/run.js'
import { parseArguments } from '../src/parse-arguments.js'
import { UsageError } from '../src/usage-error.js'

async function spec(...args: string[]) {
  const parsed = await parseArguments(['run', ...args], [run], 100)
  if (parsed.kind === 'text') throw new Error(parsed.text)
  return await actionSpec(parsed.args, tmpdir())
}

test('flags become an action', async () => {
  const flags = ['--output', './a//b/', '--env', 'A=b=c', '--env', 'PATH=/bin', '--timeout', '1.5', '--refresh']
  assert.equal(await spec(...flags, '--', 'make', '-k'), {
    argv: ['make', '-k'],
    inputs: {},
    outputs: ['a/b'],
    env: { PATH: '/bin', A: 'b=c' },
    doNotCache: false,
    refresh: true,
    timeoutMs: 1500,
  })
})

const MISTAKES: readonly (readonly [args: string[], message: string])[] = [
  [['--input', 'nowhere', '--', 'true'], 'nowhere does not exist'],
  [['--input', '/etc/hosts', '--', 'true'], 'say where it goes: --input NAME=/etc/hosts'],
  [['--input', '../x=a', '--', 'true'], 'must not lead up'],
  [['--input', 'x=..', '--input', 'x=..', '--', 'true'], 'two inputs want to be at x'],
  [['--output', '/tmp/x', '--', 'true'], 'must be relative'],
  [['--output', '.', '--', 'true'], 'name a file or a directory'],
  [['--env', 'NAME', '--', 'true'], 'want NAME=VALUE'],
  [['--timeout', 'soon', '--', 'true'], 'a number of seconds above 0'],
  [['--timeout', '0', '--', 'true'], 'a number of seconds above 0'],
  [[], 'put it behind --'],
]

for (const [args, message] of MISTAKES) {
  test(`gorego run ${args.join(' ')}: ${message}`, async () => {
    const thrown = await spec(...args).catch((error) => error)
    assert.instance(thrown, UsageError)
    assert.match(thrown.message, message)
  })
}

test.run()
