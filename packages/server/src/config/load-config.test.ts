import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { Config } from './config.js'
import { ConfigError } from './config-error.js'
import { type LoadConfigOptions, type LoadedConfig, loadConfig } from './load-config.js'
import { settingEntries } from './settings.js'

interface Context {
  dir: string
  /** Loads the file of that text, if any, as a process started in `dir` would. */
  load(options?: Sources): Promise<LoadedConfig>
}

interface Sources {
  yaml?: string
  env?: Record<string, string>
  flags?: LoadConfigOptions['flags']
}

const test = suite<Context>('loadConfig')

test.before.each((context) => {
  const dir = mkdtempSync(join(tmpdir(), 'gorego-config-'))
  mkdirSync(join(dir, 'etc'))
  context.dir = dir
  context.load = ({ yaml, env = {}, flags = {} } = {}) => {
    const surroundings = { env, cwd: dir, home: '/home/ann', platform: 'linux' } as const
    if (yaml === undefined) return loadConfig({ surroundings, flags })
    writeFileSync(join(dir, 'etc', 'config.yaml'), yaml)
    return loadConfig({ surroundings, flags, file: 'etc/config.yaml' })
  }
})

test.after.each(({ dir }) => rmSync(dir, { recursive: true }))

/** What a file has at its top. */
const sections = new Set(settingEntries.map(({ key }) => key.split('.')[0]))

const DEFAULTS: Config = {
  listenAddr: '127.0.0.1:50051',
  unixSocketMode: 0o600,
  insecure: false,
  tls: { certFile: undefined, keyFile: undefined, clientCaFile: undefined, clientCerts: 'required' },
  auth: { tokensFile: undefined, htpasswdFile: undefined, permissions: [] },
  http: { listenAddr: undefined, hosts: [], cache: false },
  limits: { calls: 0, queueShare: 1, inFlightMb: 0 },
  instanceNames: [],
  reflection: true,
  localCache: {
    dir: '/home/ann/.cache/gorego/server',
    maxSizeGb: 50,
    minFreeGb: 1,
    highWatermark: 97,
    lowWatermark: 93,
    graceSeconds: 300,
    partialUploads: { maxSizeGb: 5, keepMinutes: 10 },
  },
  telemetry: { tracingEndpoint: undefined, sampleRatio: 1 },
  chunking: true,
  frontEnds: 0,
  keepalive: 60,
  shutdownGrace: 30,
  idleTimeout: 0,
  digestFunctions: undefined,
  backingCache: {
    target: undefined,
    instanceName: '',
    required: false,
    compression: 'none',
    putRetryCount: 3,
    timeout: 30,
    tokenFile: undefined,
    tls: { caFile: undefined, certFile: undefined, keyFile: undefined },
  },
  actionCache: { updates: true, requireAction: false },
  execution: {
    enabled: true,
    concurrency: 0,
    buildRoot: undefined,
    queueSize: 10_000,
    abandonAfter: 60,
    platform: [],
    platformPolicy: 'standard',
    defaultTimeout: 3600,
    maxTimeout: 86_400,
    absoluteSymlinks: 'allowed',
    strict: false,
    maxStdoutMb: 256,
    reportResourceUsage: false,
    determinismSampleRate: 0,
    sandbox: 'auto',
    sandboxMounts: [],
    runAs: 'auto',
  },
  logLevel: 'info',
}

test('without a file, variables and flags there are the defaults', async ({ load }) => {
  assert.equal(await load(), { config: DEFAULTS, warnings: [] })
})

test('a file sets everything; its relative paths count from where it is', async ({ load, dir }) => {
  const { config } = await load({
    yaml: `
      # comment
      listen_addr: "[::1]:8980"
      http: { listen_addr: "unix:../http.sock" }
      unix_socket_mode: 0660
      auth: { tokens_file: tokens, htpasswd_file: /htpasswd, permissions: { anonymous: read, ci: [write, 'admin@team/a'] } }
      insecure: true
      tls: { cert_file: ../cert.pem, key_file: key.pem, client_ca_file: /ca.pem, client_certs: optional }
      limits:
        calls: 500
        queue_share: 0.25
        in_flight_mb: 64
      instance_names: [main, team/a, ""]
      reflection: false
      local_cache: { dir: ../cache, max_size_gb: 0.5, min_free_gb: 0.1, high_watermark: 80, low_watermark: 70, grace_seconds: 20, partial_uploads: { max_size_gb: 0, keep_minutes: 1.5 } }
      chunking: false
      front_ends: 2
      keepalive: 7
      shutdown_grace: 9
      idle_timeout: 600
      digest_functions: [sha512, sha256]
      action_cache: { updates: false, require_action: true }
      backing_cache:
        target: grpcs://cache.example:443
        instance_name: main
        required: true
        compression: zstd
        put_retry_count: 1
        timeout: 5
        token_file: token
        tls: { ca_file: ca.pem, cert_file: cert.pem, key_file: /key.pem }
      execution:
        enabled: false
        concurrency: 3
        build_root: ~/builds
        queue_size: 7
        abandon_after: 5
        platform:
          OSFamily: linux
          ISA: [x86-64, x86-avx2]
        platform_policy: strict
        default_timeout: 60
        max_timeout: 600
        absolute_symlinks: disallowed
        strict: true
        max_stdout_mb: 1
        report_resource_usage: true
        determinism_sample_rate: 0.25
        sandbox: none
        sandbox_mounts: [/srv/tools, ../tools]
        run_as: 1000:1000
      telemetry:
        tracing_endpoint: http://collector:4318/v1/traces
        sample_ratio: 0.5
      log_level: debug
    `,
  })
  assert.equal(config, {
    telemetry: { tracingEndpoint: 'http://collector:4318/v1/traces', sampleRatio: 0.5 },
    listenAddr: '[::1]:8980',
    http: { listenAddr: `unix:${dir}/http.sock`, hosts: [], cache: false },
    unixSocketMode: 0o660,
    auth: {
      tokensFile: `${dir}/etc/tokens`,
      htpasswdFile: '/htpasswd',
      permissions: [
        { name: 'anonymous', permission: 'read', instance: undefined },
        { name: 'ci', permission: 'write', instance: undefined },
        { name: 'ci', permission: 'admin', instance: 'team/a' },
      ],
    },
    insecure: true,
    tls: {
      certFile: `${dir}/cert.pem`,
      keyFile: `${dir}/etc/key.pem`,
      clientCaFile: '/ca.pem',
      clientCerts: 'optional',
    },
    limits: { calls: 500, queueShare: 0.25, inFlightMb: 64 },
    instanceNames: ['main', 'team/a', ''],
    reflection: false,
    localCache: {
      dir: join(dir, 'cache'),
      maxSizeGb: 0.5,
      minFreeGb: 0.1,
      highWatermark: 80,
      lowWatermark: 70,
      graceSeconds: 20,
      partialUploads: { maxSizeGb: 0, keepMinutes: 1.5 },
    },
    chunking: false,
    frontEnds: 2,
    keepalive: 7,
    shutdownGrace: 9,
    idleTimeout: 600,
    digestFunctions: ['sha512', 'sha256'],
    backingCache: {
      target: 'grpcs://cache.example:443',
      instanceName: 'main',
      required: true,
      compression: 'zstd',
      putRetryCount: 1,
      timeout: 5,
      tokenFile: join(dir, 'etc/token'),
      tls: { caFile: join(dir, 'etc/ca.pem'), certFile: join(dir, 'etc/cert.pem'), keyFile: '/key.pem' },
    },
    actionCache: { updates: false, requireAction: true },
    execution: {
      enabled: false,
      concurrency: 3,
      buildRoot: '/home/ann/builds',
      queueSize: 7,
      abandonAfter: 5,
      platform: [
        { name: 'OSFamily', value: 'linux' },
        { name: 'ISA', value: 'x86-64' },
        { name: 'ISA', value: 'x86-avx2' },
      ],
      platformPolicy: 'strict',
      defaultTimeout: 60,
      maxTimeout: 600,
      absoluteSymlinks: 'disallowed',
      strict: true,
      maxStdoutMb: 1,
      reportResourceUsage: true,
      determinismSampleRate: 0.25,
      sandbox: 'none',
      sandboxMounts: ['/srv/tools', join(dir, 'tools')],
      runAs: '1000:1000',
    },
    logLevel: 'debug',
  })
})

test('an empty file, and sections and keys without a value, leave the defaults', async ({ load }) => {
  for (const yaml of ['', '# nothing\n', 'execution:\n#  concurrency: 4\nlog_level:\n']) {
    assert.equal((await load({ yaml })).config, DEFAULTS)
  }
})

test('flags go before variables, and those before the file', async ({ load }) => {
  const yaml = 'execution: { concurrency: 1, queue_size: 1 }\nlog_level: debug\n'
  const env = { GOREGO_EXECUTION_CONCURRENCY: '2', GOREGO_LOG_LEVEL: 'warn' }
  const { execution, logLevel } = (await load({ yaml, env, flags: { concurrency: '3' } })).config
  assert.equal([execution.concurrency, execution.queueSize, logLevel], [3, 1, 'warn'])
})

test('a list may be written with commas in the file, too, and is so in variables', async ({ load }) => {
  const functions = ['blake3', 'sha256']
  assert.equal((await load({ yaml: 'digest_functions: blake3, sha256' })).config.digestFunctions, functions)
  assert.equal((await load({ yaml: 'digest_functions:\n  - blake3\n  - sha256' })).config.digestFunctions, functions)
  const env = { GOREGO_DIGEST_FUNCTIONS: 'blake3,sha256' }
  assert.equal((await load({ yaml: 'digest_functions: [md5]', env })).config.digestFunctions, functions)
})

test('a list that holds something else is refused as a whole', async ({ load }) => {
  for (const yaml of [
    '[sha256, sha3]',
    '[]',
    '[sha256, [md5]]',
    '[{ sha256: 1 }]',
    '[~]',
    '{ sha256: 1 }',
    'sha3',
    '7',
  ]) {
    const [only] = await problems(load({ yaml: `digest_functions: ${yaml}` }))
    assert.match(
      only ?? '',
      /^etc\/config\.yaml:1: digest_functions: got .*, want a list of 1 or more, each of them sha256, /,
    )
  }
})

test('relative paths of variables and flags count from the working directory', async ({ load, dir }) => {
  const { config } = await load({ env: { GOREGO_LOCAL_CACHE_DIR: 'cache' }, flags: { listen: 'unix:gorego.sock' } })
  assert.is(config.localCache.dir, join(dir, 'cache'))
  assert.is(config.listenAddr, `unix:${join(dir, 'gorego.sock')}`)
})

test('--dir is where everything lies, whatever the file and the environment say about build roots', async ({
  load,
  dir,
}) => {
  const env = { GOREGO_EXECUTION_BUILD_ROOT: '/fast' }
  const { config } = await load({ yaml: 'execution: { build_root: /slow }', env, flags: { dir: 'all' } })
  assert.is(config.localCache.dir, join(dir, 'all'))
  assert.is(config.execution.buildRoot, undefined)
})

test('the default directory follows XDG_CACHE_HOME if it is absolute', async ({ load }) => {
  assert.is((await load({ env: { XDG_CACHE_HOME: '/xdg' } })).config.localCache.dir, '/xdg/gorego/server')
  assert.is((await load({ env: { XDG_CACHE_HOME: 'xdg' } })).config.localCache.dir, DEFAULTS.localCache.dir)
})

test('an empty variable counts as not set', async ({ load }) => {
  assert.equal((await load({ env: { GOREGO_LISTEN_ADDR: '' } })).config, DEFAULTS)
})

test("an unknown variable is a warning that says what may have been meant; the tests' own are let through", async ({
  load,
}) => {
  const env = {
    GOREGO_EXECUTION_CONCURENCY: '2',
    GOREGO_PORT_50051_TCP: 'tcp://10.0.0.1',
    GOREGO_TEST_X: '',
    GOREGO_CLI: '',
  }
  assert.equal((await load({ env })).warnings, [
    'the environment variable GOREGO_EXECUTION_CONCURENCY means nothing to gorego; did you mean GOREGO_EXECUTION_CONCURRENCY?',
    'the environment variable GOREGO_PORT_50051_TCP means nothing to gorego',
  ])
})

test('everything that is wrong is said at once: where, what was found, and what is wanted', async ({ load }) => {
  const yaml = [
    'listen_addr: 50051',
    'local_cache:',
    '  max_size: 5',
    '  max_size_gb: 50GB',
    'execution:',
    '  enabled: yes',
    '  concurrency: 2.5',
    'log_level: [debug]',
  ].join('\n')
  const error = await problems(load({ yaml, env: { GOREGO_LOG_LEVEL: 'loud' }, flags: { concurrency: '-1' } }))
  assert.equal(error, [
    'etc/config.yaml:1: listen_addr: got the number 50051, want host:port such as 127.0.0.1:50051 (0.0.0.0 for every interface; port 0 takes a free one) or unix:/path',
    'etc/config.yaml:3: unknown key local_cache.max_size; did you mean local_cache.max_size_gb?',
    'etc/config.yaml:4: local_cache.max_size_gb: got the text "50GB", want a number of gigabytes above 0',
    'etc/config.yaml:6: execution.enabled: got the text "yes", want true or false',
    'etc/config.yaml:7: execution.concurrency: got the number 2.5, want a whole number, from 0 to 1024',
    'etc/config.yaml:8: log_level: got a list, want debug, info, warn or error',
    'GOREGO_LOG_LEVEL: got "loud", want debug, info, warn or error',
    '--concurrency: got "-1", want a whole number, from 0 to 1024',
  ])
})

const UNKNOWN_KEYS: readonly (readonly [string, string])[] = [
  ['listenAddr: x', 'unknown key listenAddr; did you mean listen_addr?'],
  ['local_cahce: { dir: /x }', 'unknown key local_cahce; did you mean local_cache?'],
  [
    'concurrency: 4',
    'unknown key concurrency; did you mean execution.concurrency, that is concurrency, indented below execution:?',
  ],
  [
    'local_cache.dir: /x',
    'unknown key local_cache.dir; did you mean local_cache.dir, that is dir, indented below local_cache:?',
  ],
  ['execution: { log_level: warn }', 'unknown key execution.log_level; did you mean log_level, which is not indented?'],
  ['colour: red', `unknown key colour; known here: ${[...sections].join(', ')}`],
  ['execution: 4', 'execution: got the number 4, want keys with values'],
  ['- a\n- b', 'the file: got a list, want keys with values'],
  ['log_level: info\nlog_level: warn', 'Map keys must be unique'],
]

for (const [yaml, message] of UNKNOWN_KEYS) {
  test(`of ${JSON.stringify(yaml)} it says: ${message}`, async ({ load }) => {
    const [only, ...others] = await problems(load({ yaml }))
    assert.match(only ?? '', /^etc\/config\.yaml:[12]: /)
    assert.is(only?.replace(/^\S+ /, ''), message)
    assert.equal(others, [])
  })
}

test('a broken file is reported with its line, and no nonsense after it', async ({ load }) => {
  const [only, ...others] = await problems(load({ yaml: 'log_level: info\nexecution: {\n' }))
  assert.match(only ?? '', /^etc\/config\.yaml:3: Flow map/)
  assert.equal(others, [])
})

test('a file that is not there is named', async ({ dir }) => {
  const surroundings = { env: {}, cwd: dir, home: dir, platform: 'linux' } as const
  const [only] = await problems(loadConfig({ surroundings, file: 'nowhere.yaml' }))
  assert.match(only ?? '', /^nowhere\.yaml: cannot be read: there is no such file/)
})

async function problems(loading: Promise<LoadedConfig>): Promise<string[]> {
  const thrown = await loading.then(
    () => assert.unreachable('the configuration was accepted'),
    (error) => error,
  )
  assert.instance(thrown, ConfigError)
  for (const problem of thrown.problems) assert.ok(thrown.message.includes(problem.message))
  return (thrown as ConfigError).problems.map(({ where, message }) => `${where}: ${message}`)
}

test.run()
