// What takes its time to load, and only some need, is not loaded before a server is ready (docs/decisions/0043).
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Machine } from './cli-process.js'

/** Writes what is imported and required into a file, one a line. */
const recorderInto = (path: string) => `
import { appendFileSync } from 'node:fs'
import Module, { register } from 'node:module'
const file = ${JSON.stringify(path)}
const load = Module._load
Module._load = function (request, ...more) {
  appendFileSync(file, request + '\\n')
  return load.call(this, request, ...more)
}
const hooks = \`
import { appendFileSync } from 'node:fs'
export function resolve(specifier, context, next) {
  appendFileSync(\${JSON.stringify(file)}, specifier + '\\\\n')
  return next(specifier, context)
}\`
register('data:text/javascript,' + encodeURIComponent(hooks))
`

/** The packages that were asked for until then. */
async function loadedBy(args: readonly string[], until: 'ready' | 'end'): Promise<Set<string>> {
  await using machine = new Machine()
  const record = join(machine.cwd, 'record')
  const recorder = join(machine.cwd, 'recorder.mjs')
  writeFileSync(record, '')
  writeFileSync(recorder, recorderInto(record))
  const gorego = machine.start(args, { NODE_OPTIONS: `--import=${pathToFileURL(recorder)}` })
  await (until === 'ready' ? gorego.ready() : gorego.finished)
  const names = readFileSync(record, 'utf8').split('\n')
  return new Set(names.map((name) => /^(@[^/]+\/)?[a-z][^/:]*/.exec(name)?.[0] ?? ''))
}

const COSTLY = [
  ...['yargs', 'yaml', 'prom-client', 'bcryptjs', '@bokuweb/zstd-wasm'],
  ...['@opentelemetry/core', '@opentelemetry/sdk-trace-base', '@opentelemetry/exporter-trace-otlp-http'],
]

test('a server with the defaults loads nothing of what help, metrics, passwords, traces and compression need', async () => {
  const loaded = await loadedBy(['start', '--listen', '127.0.0.1:0'], 'ready')
  assert.ok(['yargs-parser', '@gorego/server', '@grpc/grpc-js', 'pino'].every((name) => loaded.has(name)))
  assert.equal(
    COSTLY.filter((name) => loaded.has(name)),
    [],
  )
})

test('help loads what lays it out, and no server', async () => {
  const loaded = await loadedBy(['start', '--help'], 'end')
  assert.ok(loaded.has('yargs'))
  assert.not.ok(loaded.has('@gorego/server'))
})

test.run()
