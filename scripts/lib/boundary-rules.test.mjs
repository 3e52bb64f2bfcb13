import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { objection } from './boundary-rules.mjs'

const may = (file, specifier, typesOnly = false) => assert.is(objection(file, { specifier, typesOnly }), undefined)
const mayNot = (file, specifier, why, typesOnly = false) =>
  assert.match(objection(file, { specifier, typesOnly }) ?? 'no objection', why)

test('a folder of core imports the folders in its line of the table', () => {
  may('packages/core/src/cas/local-store.ts', '../disk/index.js')
  may('packages/core/src/cas/with/existence.ts', '../local-store.js')
  mayNot(
    'packages/core/src/cas/local-store.ts',
    '../scheduler/index.js',
    'core/src/cas may import, of the other folders,',
  )
  mayNot('packages/core/src/cas/with/existence.ts', '../../worker/slot.js', 'core/src/cas may import')
  mayNot('packages/core/src/cas/local-store.ts', '../index.js', 'core/src/cas may import')
})

test('of some folders it imports only types', () => {
  may('packages/core/src/scheduler/a.ts', '../proto/messages.js', true)
  mayNot('packages/core/src/scheduler/a.ts', '../proto/messages.js', 'only types of proto: say import type')
})

test('of some folders it imports only one file', () => {
  may('packages/core/src/worker/a.ts', '../runner/index.js')
  mayNot('packages/core/src/worker/a.ts', '../runner/perform.js', 'only types of runner')
})

test('the facade and the entry point import everything, and nothing that leads out', () => {
  may('packages/core/src/local-executor.ts', './worker/index.js')
  may('packages/core/src/index.ts', './cas/index.js')
  mayNot('packages/core/src/index.ts', '../../server/src/index.js', 'it leaves packages/core/')
})

test("Node's own modules and packages are limited too", () => {
  may('packages/core/src/digest/a.ts', 'node:crypto')
  mayNot('packages/core/src/digest/a.ts', 'node:fs', "of Node's own modules, node:crypto")
  mayNot('packages/core/src/errors/a.ts', 'node:path', "of Node's own modules, none")
  may('packages/core/src/proto/a.ts', 'google-protobuf/google/protobuf/any_pb.js')
  mayNot('packages/core/src/cas/a.ts', 'google-protobuf', 'of packages, none')
  mayNot('packages/core/src/cas/a.test.ts', '@grpc/grpc-js', 'of packages, none')
})

test('a folder that nobody thought of has to be added to the table', () => {
  mayNot('packages/core/src/novelty/a.ts', '../cas/index.js', 'no line in the table')
})

test('a test imports uvu, the contract suites and all of its own package', () => {
  may('packages/core/src/cas/a.test.ts', 'uvu/assert')
  may('packages/core/src/cas/a.test.ts', '../testing/index.js')
  may('packages/core/src/local-executor.test.ts', './worker/index.js')
  may('packages/server/src/services/a.test.ts', '@gorego/core/testing')
  mayNot('packages/core/src/cas/a.ts', 'uvu', 'of packages, none')
  mayNot('packages/core/src/cas/a.ts', '../testing/index.js', 'core/src/cas may import')
})

test('only services, wire and upstream speak gRPC', () => {
  may('packages/server/src/wire/status.ts', '@grpc/grpc-js')
  mayNot('packages/server/src/auth/a.ts', '@grpc/grpc-js', 'of packages, @gorego/core')
  mayNot('packages/server/src/compose.ts', '@grpc/grpc-js', 'of packages, @gorego/core')
  may('packages/server/src/config/load.ts', 'yaml')
})

test('packages, examples and benchmarks see of each other what is public', () => {
  mayNot('packages/server/src/compose.ts', '@gorego/core/dist/index.js', 'of packages, @gorego/core')
  mayNot('packages/server/src/compose.ts', '../../core/src/index.js', 'it leaves packages/server/')
  may('packages/cli/src/main.ts', 'yargs/helpers')
  mayNot('packages/cli/src/main.ts', '@grpc/grpc-js', 'of packages, @gorego/core, @gorego/server')
  may('examples/hello/main.ts', 'esbuild')
  mayNot('examples/hello/main.ts', '@gorego/core/runner', 'of our own packages')
  mayNot('bench/src/main.ts', '../../packages/core/src/index.js', 'it leaves bench/')
})

test.run()
