import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { explanationText } from '../src/ui/explanation-view.js'
import { Machine } from './cli-process.js'

const SERVER = ['start', '--listen', '127.0.0.1:0', '--dir', 'server', '--concurrency', '1']

test('two actions are compared by a server that has them', async () => {
  await using machine = new Machine()
  const server = machine.start(SERVER)
  const env = { GOREGO_REMOTE: await server.ready() }
  const action = async (content: string, mode: string): Promise<string> => {
    await writeFile(join(machine.cwd, 'in.txt'), content)
    const { stdout } = await machine.gorego(
      ['run', '--json', '--input', 'in.txt', '--env', `MODE=${mode}`, '--', 'cat', 'in.txt'],
      env,
    )
    return JSON.parse(stdout).action
  }
  const [before, after] = [await action('one', 'debug'), await action('three', 'release')]
  const told = await machine.gorego(['why', after, '--against', before], env)
  assert.is(told.code, 0, told.stderr)
  assert.match(
    told.stdout,
    new RegExp(
      `^action {4}${after}\nprevious {2}${before}\n\nvariables\n {2}MODE\n {4}- debug\n {4}\\+ release\n\ninput files\n {2}in.txt\n {4}- file \\w{64}/3\n {4}\\+ file \\w{64}/5\n$`,
    ),
  )
  const json = JSON.parse((await machine.gorego(['why', '--json', after, '--against', before], env)).stdout)
  assert.equal([json.action, json.previous, json.differences.length, json.truncated], [after, before, 2, false])

  const fails = async (...args: string[]) => {
    const { code, stderr } = await machine.gorego(['why', ...args], env)
    return `${code} ${stderr}`
  }
  assert.match(await fails(after), /^64 .*--against/)
  assert.match(await fails('//app:main'), /^64 .*no action of target "\/\/app:main"/)
  const { operations } = JSON.parse((await machine.gorego(['ops', 'ls', '--all', '--json'], env)).stdout)
  assert.match(await fails(operations[0].name), /did not say for which target/)
})

test('what clients wrote moves nobody’s cursor, and what is not known is said', () => {
  const digest = { toString: () => 'a/1' } as never
  const about = { action: digest, target: '//a\u001b[2J:b', mnemonic: 'Gen' }
  const none = explanationText({ ...about, comparison: { differences: [], truncated: false, unknown: [] } })
  assert.match(none, /^Gen \/\/a\\u\{1b\}\[2J:b\naction {4}a\/1\nno other action of this target/)
  const comparison = {
    differences: [{ kind: 'argument' as const, subject: '3', after: '-O2\n' }],
    truncated: true,
    unknown: ['the directory src is gone'],
  }
  const text = explanationText({ ...about, previous: digest, previousAt: 0, comparison })
  assert.match(text, /previous {2}a\/1, ended 1970-01-01T00:00:00.000Z\n\narguments\n {2}3\n {4}\+ -O2\\u\{a\}\n/)
  assert.match(text, /and more[\s\S]*not compared\n {2}the directory src is gone\n$/)
  const same = explanationText({
    ...about,
    previous: digest,
    comparison: { differences: [], truncated: false, unknown: [] },
  })
  assert.match(same, /they are the same action\n$/)
})

test.run()
