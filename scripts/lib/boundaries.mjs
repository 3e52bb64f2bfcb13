// Who may import whom: the table of the architecture, as data. scripts/check-boundaries.mjs holds the sources to it.
//
// may     other folders of the same package, or single files of theirs; with `types`, only their types (`import type`): nothing of them is loaded
// node    Node's own modules: all of them, or those listed
// bare    packages, by the exact name that is imported; a name that ends in / stands for all below it

const everything = '*'

/** packages/core/src, one line a folder. A file directly in src that is not listed may import nothing. */
export const coreFolders = {
  errors: { types: ['digest'] },
  // A digest that is none is told with an error of ours.
  digest: { may: ['errors'], node: ['node:crypto', 'node:timers/promises'], bare: ['hash-wasm', 'hash-wasm/'] },
  observe: {},
  heap: { may: ['observe'], node: ['node:url', 'node:v8', 'node:vm'] },
  proto: { may: ['digest', 'errors'], bare: ['google-protobuf', 'google-protobuf/'] },
  disk: { may: ['digest', 'errors'], node: everything },
  chunking: { may: ['cas', 'digest', 'errors'], node: everything },
  cas: { may: ['digest', 'errors', 'disk', 'observe'], node: everything },
  'action-cache': { may: ['cas', 'proto', 'digest', 'errors', 'disk'], node: everything },
  backing: { may: ['cas', 'action-cache', 'digest', 'errors', 'disk', 'observe'], node: everything },
  compare: { may: ['cas', 'proto', 'digest', 'errors'], node: ['node:timers/promises'] },
  // Keeps the books only: no file, no process.
  scheduler: {
    may: ['errors', 'digest', 'observe'],
    types: ['proto', 'action-cache'],
    node: ['node:crypto', 'node:events', 'node:timers', 'node:timers/promises'],
  },
  platform: { may: ['errors', 'observe'], node: ['node:fs', 'node:os'] },
  sandbox: { may: ['errors', 'observe'], node: ['node:fs'] },
  runner: { may: ['digest', 'proto', 'disk', 'errors', 'heap', 'sandbox'], node: everything },
  worker: {
    // Of the runner, what both ends of the pipe say to each other. The program behind it runs in another process.
    may: ['cas', 'proto', 'digest', 'errors', 'disk', 'observe', 'platform', 'runner/index.js', 'sandbox'],
    types: ['scheduler', 'action-cache', 'runner'],
    node: everything,
  },
  // A store's directory, seen by somebody who does not serve it.
  upkeep: { may: ['cas', 'digest', 'errors', 'disk'], node: everything },
  // Above any executor: LocalExecutor and RemoteExecutor alike.
  graph: { may: ['embed', 'errors', 'cas'], node: ['node:events'] },
  // The parts of local-executor.ts.
  embed: { may: everything, node: everything, bare: ['picomatch'] },
  testing: { may: everything, node: everything },
  'local-executor.ts': { may: everything, node: everything },
  'index.ts': { may: everything, node: everything },
}

const publicEntries = ['@gorego/core', '@gorego/core/testing', '@gorego/server']

/**
 * Everything outside core/src, the first that fits: what it may import besides files of its own package.
 * `closed` ones may import these packages only; the others anything that is not ours, and of ours these.
 */
export const zones = [
  { path: 'packages/core/test/', closed: true, bare: ['@gorego/core', '@gorego/core/testing'] },
  { path: 'packages/server/src/(services|wire|upstream)/', closed: true, bare: ['@gorego/core', '@grpc/grpc-js'] },
  {
    path: 'packages/server/test/',
    closed: true,
    bare: ['@gorego/core', '@gorego/server', '@gorego/conformance/client', '@grpc/grpc-js'],
  },
  { path: 'packages/server/src/config/', closed: true, bare: ['@gorego/core', 'yaml'] },
  { path: 'packages/server/src/compression/', closed: true, bare: ['@gorego/core', '@bokuweb/zstd-wasm'] },
  { path: 'packages/server/src/metrics/', closed: true, bare: ['@gorego/core', 'prom-client'] },
  {
    path: 'packages/server/src/tracing/',
    closed: true,
    bare: [
      '@gorego/core',
      '@opentelemetry/api',
      '@opentelemetry/core',
      '@opentelemetry/exporter-trace-otlp-http',
      '@opentelemetry/resources',
      '@opentelemetry/sdk-trace-base',
    ],
  },
  { path: 'packages/server/src/log/', closed: true, bare: ['@gorego/core', 'pino'] },
  { path: 'packages/server/', closed: true, bare: ['@gorego/core'] },
  { path: 'packages/cli/', closed: true, bare: ['@gorego/core', '@gorego/server', 'yargs', 'yargs/', 'yargs-parser'] },
  { path: 'examples/[^/]+/', bare: publicEntries },
  { path: 'bench/', bare: publicEntries },
  {
    path: 'conformance/',
    closed: true,
    bare: ['@gorego/core', '@gorego/core/testing', '@grpc/grpc-js', 'fzstd', 'uvu/assert'],
  },
  { path: 'test/', bare: [...publicEntries, '@gorego/bench/', '@gorego/conformance/client'] },
  // They run before anything is installed.
  { path: 'scripts/', closed: true, bare: [] },
]

/** A test may also import these, and any file of its own package. */
export const forTests = ['uvu', 'uvu/assert', 'fast-check', '@gorego/core/testing', '@gorego/test-setup/debian-program']
