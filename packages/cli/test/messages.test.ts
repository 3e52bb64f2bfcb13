// What is wrong with a command line, and what to do about it: each command, with what people get wrong.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Machine } from './cli-process.js'
import { runHere } from './run-here.js'

const ABSENT = `${'a'.repeat(64)}/5`

type Case = readonly [commandLine: string, code: number, message: RegExp]

async function check(machine: Machine, cases: readonly Case[], env: Record<string, string> = {}): Promise<void> {
  for (const [commandLine, code, message] of cases) {
    const ended = await runHere(machine, commandLine.split(' '), env)
    assert.match(ended.stderr, message, `${commandLine}: ${ended.stderr}`)
    assert.is(ended.stdout, '', commandLine)
    assert.is(ended.code, code, `${commandLine}: ${ended.stderr}`)
    assert.not.match(ended.stderr, 'please report', commandLine)
  }
}

test('command lines that make no sense name the flag, what it wants, and where more is to be learnt', async () => {
  await using machine = new Machine()
  await check(machine, [
    ['ops ls --all --done', 64, /^gorego: --all and --done exclude each other\nSee gorego ops ls --help\n$/],
    ['ops ls --limit 0', 64, /^gorego: --limit: got "0", want a whole number above 0\nSee gorego ops ls --help\n$/],
    ['ops ls --remote', 64, /^gorego: --remote needs a value\nSee gorego ops ls --help\n$/],
    ['cas get', 64, /needs a word behind it: DIGEST\nSee gorego cas get --help\n$/],
    ['cas get x', 64, /"x" is no digest: want hash\/size/],
    ['cas gett', 64, /did you mean "get"\?\nSee gorego cas --help\n$/],
    ['cas', 64, /which command\? There are get, put, ls and tree\nSee gorego cas --help\n$/],
    ['completion bash zsh', 64, /"zsh" is one too many: gorego completion takes bash, zsh or fish\n/],
    ['run --input nowhere -- true', 64, /--input nowhere: .*nowhere does not exist\nSee gorego run --help\n$/],
    ['run --output /abs -- true', 64, /must be relative and must not lead up\nSee gorego run --help\n$/],
    ['run --remote grpc://127.0.0.1:99999 -- true', 64, /is no address of a server: want grpc:\/\/host:port/],
    [`why ${ABSENT}`, 64, /name another with --against DIGEST\nSee gorego why --help\n$/],
    ['verify-determinism', 64, /which actions\? Name some, or use --recent or --recorded\n/],
    ['bench --seconds 0', 64, /--seconds: got "0"/],
    ['nonsense', 64, /unknown command "nonsense"; there are start,/],
  ])
})

test('paths that cannot be used: which, why, and what to do', async () => {
  await using machine = new Machine()
  writeFileSync(join(machine.cwd, 'file'), '')
  mkdirSync(join(machine.cwd, 'directory'))
  const server = machine.start(['start', '--listen', '127.0.0.1:0', '--dir', 'server', '--concurrency', '1'])
  const env = { GOREGO_REMOTE: await server.ready() }
  const digest = (await runHere(machine, ['cas', 'put', 'file'], env)).stdout.split(' ')[0]
  await check(
    machine,
    [
      ['cas put nowhere', 64, /^gorego: nowhere: there is no such file or directory: check the path, or make it\n$/],
      [`cas get ${digest} -o nowhere/x`, 64, /^gorego: --output nowhere\/x: there is no such file or directory/],
      [`cas get ${digest} -o directory`, 64, /^gorego: --output directory: it is a directory: name a file\n$/],
      ['bazelrc --append file/x', 64, /^gorego: --append .*file\/x: a part of that path is a file: name another\n$/],
      ['run --dir file/x -- true', 64, /^gorego: --dir .*file\/x: a part of that path is a file/],
      ['cache stat --dir file', 64, /there is no cache in .*file; --dir or --config tells where it is/],
      ['run --dir here --output o --out-dir file/x -- touch o', 64, /gorego: --out-dir .*file\/x: a part of that path/],
    ],
    env,
  )
})

test('directories where none can be made: /proc, in which Node alone would try for ever', async () => {
  if (process.platform !== 'linux') return console.log('SKIP directories in /proc: there is none here')
  await using machine = new Machine()
  const words = ': its file system takes no new directories: name another\\n$'
  await check(machine, [
    ['run --dir /proc/x -- true', 64, new RegExp(`^gorego: --dir /proc/x${words}`)],
    ['run --dir /proc/self -- true', 64, new RegExp(`^gorego: --dir /proc/self${words}`)],
    ['run --dir here --output o --out-dir /proc/x -- touch o', 64, new RegExp(`^gorego: --out-dir /proc/x${words}`)],
  ])
})

test('what a server does not have: what may have become of it', async () => {
  await using machine = new Machine()
  writeFileSync(join(machine.cwd, 'file'), 'text')
  const server = machine.start(['start', '--listen', '127.0.0.1:0', '--dir', 'server', '--concurrency', '1'])
  const env = { GOREGO_REMOTE: await server.ready() }
  const text = (await runHere(machine, ['cas', 'put', 'file'], env)).stdout.split(' ')[0]
  const evicted = /is not in the content-addressable storage\n {2}it was evicted, or stored elsewhere: check --remote/
  const noAction = /protobuf message[^\n]*\n {2}name an action, as "gorego run --json"/
  const noDirectory = /protobuf message[^\n]*\n {2}name a directory/
  const noOperation = /there is no operation "x"[^\n]*\n {2}"gorego ops ls --all" lists those that are known/
  await check(
    machine,
    [
      [`cas get ${ABSENT}`, 64, evicted],
      [`cas ls ${ABSENT}`, 64, evicted],
      [`cas tree ${ABSENT}`, 64, evicted],
      [`verify-determinism ${ABSENT}`, 64, evicted],
      [`cas ls ${text}`, 64, noDirectory],
      [`cas tree ${text}`, 64, noDirectory],
      [`verify-determinism ${text}`, 64, noAction],
      [`ac get ${ABSENT}`, 1, /no result is cached for a+\/5/],
      ['ops show x', 64, noOperation],
      ['ops cancel x', 64, noOperation],
      ['ops wait x', 64, noOperation],
      ['why //a:b', 64, /no action of target "\/\/a:b" was executed since the server started; targets are named/],
      ['verify-determinism --recent 5', 0, /^gorego: the server remembers no action that it executed\n$/],
    ],
    env,
  )
})

test('no server: where it was looked for, and what to do', async () => {
  await using machine = new Machine()
  const env = { GOREGO_REMOTE: 'unix:nobody.sock' }
  const away = /no gRPC server answers at unix:nobody.sock: nothing listens there\n {2}start one there/
  const commands = ['ops ls', `cas get ${ABSENT}`, `ac get ${ABSENT}`, 'why //a', 'verify-determinism x', 'bench']
  await check(
    machine,
    commands.map((command) => [command, 69, away]),
    env,
  )
})

test.run()
