import { digestFunctions } from '@gorego/core'
import type { Config } from './config.js'
import { executionSettings } from './execution-settings.js'
import { grants } from './grants-kind.js'
import { hostName } from './host-name-kind.js'
import { httpUrl } from './http-url-kind.js'
import { instanceName } from './instance-name-kind.js'
import { boolean, listenAddress, listOf, oneOf, path, serverAddress, share, socketMode, wholeNumber } from './kinds.js'
import { localCacheSettings } from './local-cache-settings.js'
import { LONGEST_TIMEOUT_S, type Setting, type SettingsOf } from './setting.js'

/** The one table: whatever can be set has a line here, and keys, variables, the loader and the documentation follow from it. */
const settings: SettingsOf<Config> = {
  listenAddr: {
    kind: listenAddress,
    fallback: () => '127.0.0.1:50051',
    flag: 'listen',
    about:
      'Where gRPC is served: `host:port` (`[::1]:50051` for IPv6, port 0 takes a free one) or `unix:/path`. Whoever reaches it and may `execute` can run commands as the user that gorego runs as.',
  },
  unixSocketMode: {
    kind: socketMode,
    fallback: () => 0o600,
    fallbackText: '`600`: the user that gorego runs as',
    about:
      'Permissions of the sockets of `unix:` addresses, in octal: `660` lets the group connect, `666` everybody. Who may connect is also a matter of the directory.',
  },
  insecure: {
    kind: boolean,
    fallback: () => false,
    flag: 'insecure',
    about:
      '`true`: listen where other machines can reach it, without TLS. Otherwise gorego does not start with such an address and without `tls.cert_file`.',
  },
  tls: {
    certFile: {
      kind: path,
      fallback: () => undefined,
      fallbackText: 'no TLS',
      about:
        'Certificate of this server in PEM, and behind it those that it was signed with: gRPC and HTTP are then served with TLS only. Read again when it changes, as are the other files of `tls`.',
    },
    keyFile: {
      kind: path,
      fallback: () => undefined,
      fallbackText: 'none',
      about: 'The private key of `tls.cert_file`, in PEM, without a passphrase.',
    },
    clientCaFile: {
      kind: path,
      fallback: () => undefined,
      fallbackText: 'clients show no certificate',
      about:
        'Certificates in PEM with which those of clients must be signed (mutual TLS). A client is called by the common name (CN) of its certificate.',
    },
    clientCerts: {
      kind: oneOf(['required', 'optional']),
      fallback: () => 'required',
      about:
        'With `tls.client_ca_file`: whether a client without a certificate is refused. One with a certificate that is not good always is.',
    },
  },
  auth: {
    tokensFile: {
      kind: path,
      fallback: () => undefined,
      fallbackText: 'none',
      about:
        'Who shows which bearer token: lines `name token`. Read again when it changes, as is `auth.htpasswd_file`. See SECURITY.md.',
    },
    htpasswdFile: {
      kind: path,
      fallback: () => undefined,
      fallbackText: 'none',
      about: 'Who has which password: lines `name:hash` as `htpasswd -B` writes them.',
    },
    permissions: {
      kind: grants,
      fallback: () => [],
      fallbackText: '`authenticated: [read, write, execute]`',
      about:
        'Who may do what: names with a list each of `read`, `write`, `update_action_cache`, `execute`, `admin`, `all` or `none`, with `@instance` behind it for one instance only. `anonymous` is who shows nothing, `authenticated` everybody who is not listed. Without this and the files of `auth` and `tls.client_ca_file`, everybody may do everything.',
    },
  },
  http: {
    listenAddr: {
      kind: listenAddress,
      fallback: () => undefined,
      fallbackText: 'nowhere',
      about:
        'Where the status page (`/`), `/metrics` (for Prometheus), `/healthz` and `/readyz` are served over HTTP, an address as `listen_addr` has it. The page needs the permission `admin`, `/metrics` needs `read`.',
    },
    hosts: {
      kind: listOf(hostName),
      fallback: () => [],
      fallbackText: 'none',
      about:
        'Names of the HTTP port, where it listens on loopback and is called neither `localhost` nor by an address: behind a proxy that keeps the name that a browser asked for. Requests by other names are refused, so that no web page elsewhere can reach it through a name of its own (DNS rebinding).',
    },
    cache: {
      kind: boolean,
      fallback: () => false,
      about:
        '`true`: there is a cache for ccache, Bazel (`--remote_cache=http://…`), Gradle and others at `/cas/` and `/ac/` of `http.listen_addr`, over the same store. Whoever reaches it can store what others get; `action_cache.updates` holds there, too.',
    },
  },
  limits: {
    calls: {
      kind: wholeNumber({ of: 'calls', min: 0 }),
      fallback: () => 0,
      fallbackText: '`0`: any number',
      about:
        'How many calls and HTTP requests one client may have under way at once; further ones are refused with `RESOURCE_EXHAUSTED` (503 over HTTP). A client is who shows the same name, or without one who calls from the same address (over a Unix socket: through the same connection). An Execute takes as long as its action: give more than twice the `--jobs` of the largest build. With `front_ends` each process counts for itself.',
    },
    queueShare: {
      kind: share,
      fallback: () => 1,
      fallbackText: '`1`: all of it',
      about:
        'How much of `execution.queue_size` the actions of one client may take, such as `0.5`; further ones are refused with `RESOURCE_EXHAUSTED`. Free slots, cached results and actions that others wait for already are for everybody.',
    },
    inFlightMb: {
      kind: wholeNumber({ of: 'MB', min: 0 }),
      fallback: () => 0,
      about:
        'How much of the blobs that one client sends may be in memory at once, in MB of 10⁶ bytes, and as much of those that it is sent: what was taken from it and is not stored yet, what was read and is not taken by it yet, over gRPC and HTTP; such as `256`. What is over waits; nothing is refused before it has waited for five minutes. What has come of an upload that waits is not counted, up to its window of 4 to 32 MiB. `0`: any number. With `front_ends` each process counts for itself.',
    },
  },
  instanceNames: {
    kind: listOf(instanceName),
    fallback: () => [],
    fallbackText: 'any name',
    about:
      'The instance names that clients may use; calls with others are refused with `INVALID_ARGUMENT`. A list, or text with commas; `""` stands for the empty name.',
  },
  reflection: {
    kind: boolean,
    fallback: () => true,
    about: 'Whether the server describes its services to tools such as grpcurl (`grpc.reflection.v1`).',
  },
  localCache: localCacheSettings,
  backingCache: {
    target: {
      kind: serverAddress,
      fallback: () => undefined,
      fallbackText: 'none',
      about:
        'Another REAPI cache behind this one, `grpc://host:port`, `grpcs://host:port` or `unix:/path`: what is not here is fetched from there, and what is stored here goes there as well. See docs/operations.md.',
    },
    instanceName: {
      kind: instanceName,
      fallback: () => '',
      fallbackText: 'the empty name',
      about:
        "The instance name that is used there, whatever clients of this server use: results of all this server's instances are there under this one.",
    },
    required: {
      kind: boolean,
      fallback: () => false,
      about:
        '`false`: while it does not answer it counts as empty, and what is stored here meanwhile goes there later. `true`: what a client stores is there before the client is told so, and what needs it fails with `UNAVAILABLE` while it does not answer.',
    },
    compression: {
      kind: oneOf(['zstd', 'none']),
      fallback: () => 'none',
      about:
        '`zstd`: blobs of 512 bytes or more go to and from it compressed, if it offers that; a warning says if it does not. It pays where the line is slower than some 25 MB/s; see docs/operations.md.',
    },
    putRetryCount: {
      kind: wholeNumber({ min: 0, max: 20 }),
      fallback: () => 3,
      about:
        'How often a call to it is made again after `UNAVAILABLE`, `RESOURCE_EXHAUSTED` or `ABORTED`, after growing pauses of random length.',
    },
    timeout: {
      kind: wholeNumber({ of: 'seconds', min: 1, max: 3600 }),
      fallback: () => 30,
      about: 'For so many seconds a call to it may show no sign of life; then it has failed.',
    },
    tokenFile: {
      kind: path,
      fallback: () => undefined,
      fallbackText: 'none',
      about:
        'A file with the bearer token that it is shown, and nothing else. Read again when it changes. Sent with TLS, to this machine, or through a Unix socket; gorego does not start otherwise.',
    },
    tls: {
      caFile: {
        kind: path,
        fallback: () => undefined,
        fallbackText: "the system's authorities",
        about: 'For `grpcs`: who may have signed its certificate, a PEM file.',
      },
      certFile: {
        kind: path,
        fallback: () => undefined,
        fallbackText: 'none',
        about: 'For `grpcs`: the certificate that this server shows it, a PEM file; with `backing_cache.tls.key_file`.',
      },
      keyFile: {
        kind: path,
        fallback: () => undefined,
        fallbackText: 'none',
        about: 'The key of that certificate, a PEM file.',
      },
    },
  },
  actionCache: {
    updates: {
      kind: boolean,
      fallback: () => true,
      about:
        '`false`: clients cannot store results (`UpdateActionResult` is refused with `PERMISSION_DENIED`, and GetCapabilities says so); what is executed here is cached in any case.',
    },
    requireAction: {
      kind: boolean,
      fallback: () => false,
      about:
        '`true`: a result is only taken from clients that have uploaded its Action and Command; others get `FAILED_PRECONDITION`.',
    },
  },
  digestFunctions: {
    kind: listOf(oneOf(digestFunctions.map((fn) => fn.name)), { min: 1 }),
    fallback: () => undefined,
    fallbackText: `${digestFunctions.map((fn) => `\`${fn.name}\``).join(', ')}; without \`blake3\` where the optional package hash-wasm is not installed`,
    about:
      'Which digest functions clients may use, a list. The first is the one that executions are advertised with: Bazel 4 insists that it is its own, later clients look at all. A server with clients of one kind needs only one, such as `[sha256]`.',
  },
  execution: executionSettings,
  telemetry: {
    tracingEndpoint: {
      kind: httpUrl,
      fallback: () => undefined,
      fallbackText: 'nowhere',
      about:
        'Where OpenTelemetry spans of calls, executions and requests to the cache over HTTP are sent, over OTLP/HTTP: the whole address, such as `http://127.0.0.1:4318/v1/traces`. See docs/operations.md.',
    },
    sampleRatio: {
      kind: share,
      fallback: () => 1,
      about:
        'Which share of the traces that begin here is sent, above 0 and up to 1. Where a client sends `traceparent`, it has decided.',
    },
  },
  chunking: {
    kind: boolean,
    fallback: () => true,
    about:
      '`true`: clients may move large blobs in chunks of some 512 KiB, of which those are left out that the other side has (SplitBlob, SpliceBlob). Chunks that were asked for take disk space of their own.',
  },
  frontEnds: {
    kind: wholeNumber({ of: 'processes', min: 0, max: 64 }),
    fallback: () => 0,
    fallbackText: '`0`: 1 with up to 4 CPUs, beyond that a quarter of their number, at most 16',
    about:
      'How many processes speak gRPC. With `1` the server does it itself; with more, it keeps the store, the scheduler and the slots, and they do everything else: see docs/scaling.md.',
  },
  keepalive: {
    kind: wholeNumber({ of: 'seconds', min: 1, max: 86_400 }),
    fallback: () => 60,
    about:
      'How often a connection is asked whether its client is still there, in seconds. One that does not answer within 20 seconds (or this time, if it is shorter) is closed, and what only it was waiting for is given up.',
  },
  shutdownGrace: {
    kind: wholeNumber({ of: 'seconds', min: 0, max: 86_400 }),
    fallback: () => 30,
    about:
      'How long running actions and calls may take to finish when the server is told to stop, in seconds; then they are ended.',
  },
  idleTimeout: {
    kind: wholeNumber({ of: 'seconds', min: 0, max: LONGEST_TIMEOUT_S }),
    fallback: () => 0,
    fallbackText: '`0`: never',
    flag: 'idle-timeout',
    about:
      'A server that nobody uses for so many seconds stops by itself: no call over gRPC (but those that ask for its health), no request to the cache over HTTP, and no action. Open connections do not count.',
  },
  logLevel: {
    kind: oneOf(['debug', 'info', 'warn', 'error']),
    fallback: () => 'info',
    flag: 'log-level',
    about: 'What is logged to standard error: messages of this weight and more.',
  },
}

export interface SettingEntry extends Setting<unknown> {
  /** Where it is in a Config. */
  readonly path: readonly string[]
  /** As config.yaml has it: `local_cache.max_size_gb`. */
  readonly key: string
  /** `GOREGO_LOCAL_CACHE_MAX_SIZE_GB` */
  readonly variable: string
}

/** The table as a list, in its order. */
export const settingEntries: readonly SettingEntry[] = flatten(settings, [])

interface SettingTree {
  readonly [name: string]: SettingTree | Setting<unknown>
}

function flatten(section: object, above: readonly string[]): SettingEntry[] {
  return Object.entries(section as SettingTree).flatMap(([name, node]) => {
    const path = [...above, name]
    if (!isSetting(node)) return flatten(node, path)
    const key = path.map(snakeCase).join('.')
    return { ...node, path, key, variable: `GOREGO_${key.replaceAll('.', '_').toUpperCase()}` }
  })
}

function isSetting(node: SettingTree | Setting<unknown>): node is Setting<unknown> {
  return typeof node.fallback === 'function'
}

function snakeCase(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}
