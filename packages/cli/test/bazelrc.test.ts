import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Machine } from './cli-process.js'

test('prints lines that name the server', async () => {
  await using machine = new Machine()
  const { code, stdout } = await machine.gorego(['bazelrc'])
  assert.is(code, 0)
  assert.match(stdout, 'build --remote_executor=grpc://127.0.0.1:50051\n')
  for (const line of stdout.trimEnd().split('\n')) assert.match(line, /^(build --[a-z_]+=\S+|# .*)$/)
  assert.match((await machine.gorego(['bazelrc', '--remote', 'unix:/run/g.sock'])).stdout, '=unix:/run/g.sock\n')
})

test('an address without a scheme would make Bazel speak TLS', async () => {
  await using machine = new Machine()
  const { code, stderr } = await machine.gorego(['bazelrc', '--remote', '127.0.0.1:50051'])
  assert.is(code, 64)
  assert.match(stderr, 'want grpc://host:port')
})

test('--append keeps what is there, and replaces its own lines', async () => {
  await using machine = new Machine()
  const file = join(machine.cwd, '.bazelrc')
  writeFileSync(file, 'build --keep_going')
  await machine.gorego(['bazelrc', '--append'])
  writeFileSync(file, `${readFileSync(file, 'utf8')}test --test_output=errors\n`)
  const { stdout, stderr } = await machine.gorego(['bazelrc', '--append', '--remote', 'grpc://b:1'])
  assert.is(stdout, '')
  assert.match(stderr, file)
  const text = readFileSync(file, 'utf8')
  assert.ok(text.startsWith('build --keep_going\n# gorego: begin\nbuild --remote_executor=grpc://b:1\n'), text)
  assert.ok(text.endsWith('\n# gorego: end\ntest --test_output=errors\n'), text)
  await machine.gorego(['bazelrc', '--append', 'user.bazelrc'])
  assert.match(readFileSync(join(machine.cwd, 'user.bazelrc'), 'utf8'), 'grpc://127.0.0.1:50051')
})

test.run()
