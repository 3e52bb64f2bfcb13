import type { DigestFunctionName, PlatformPolicy, PlatformProperty, SandboxChoice } from '@gorego/core'
import type { Grant } from '../auth/permission.js'

/** The least important lines that are written. */
export type LogLevel = 'debug' | 'info' | 'warn' | 'error'

/** Everything that a server can be told. One field, one line in settings.ts: its key, variable, flag, default and meaning. */
export interface Config {
  /** Where gRPC is served: `host:port`, `[::1]:port` (port 0 takes a free one) or `unix:/path`. */
  readonly listenAddr: string
  /** Permissions of the sockets of `unix:` addresses. */
  readonly unixSocketMode: number
  /** Listen where other machines reach it, without TLS. */
  readonly insecure: boolean
  /** Absolute paths of PEM files, for gRPC and HTTP. */
  readonly tls: {
    readonly certFile: string | undefined
    readonly keyFile: string | undefined
    /** Whose certificates clients show; undefined if they are not asked for one. */
    readonly clientCaFile: string | undefined
    readonly clientCerts: 'required' | 'optional'
  }
  readonly auth: {
    /** Absolute paths. */
    readonly tokensFile: string | undefined
    readonly htpasswdFile: string | undefined
    /** Who may do what; whoever is not in here may do the usual. */
    readonly permissions: readonly Grant[]
  }
  readonly http: {
    /** Where metrics and health are served, as `listenAddr`; undefined for nowhere. */
    readonly listenAddr: string | undefined
    /** What the server is called there, beside `localhost` and addresses. */
    readonly hosts: readonly string[]
    /** Whether there is a cache for clients that speak HTTP. */
    readonly cache: boolean
  }
  /** For each client: who has the same name, or without one the same address. */
  readonly limits: {
    /** How many calls may be under way; 0 for any number. */
    readonly calls: number
    /** How much of the queue may be taken; 1 for all of it. */
    readonly queueShare: number
    /** How many MB of 1,000,000 bytes may be in memory, in each direction; 0 for any number. */
    readonly inFlightMb: number
  }
  /** The instances that there are; empty for any. */
  readonly instanceNames: readonly string[]
  /** Whether the server describes its services to whoever asks. */
  readonly reflection: boolean
  readonly localCache: {
    /** Absolute path; made if absent. */
    readonly dir: string
    /** In GB of 1,000,000,000 bytes. */
    readonly maxSizeGb: number
    /** In GB of 1,000,000,000 bytes: so much of the disk stays free for others. */
    readonly minFreeGb: number
    /** In per cent of what it may have: from here on room is made in advance, down to the other. */
    readonly highWatermark: number
    readonly lowWatermark: number
    /** For so long after a blob was stored, found or read it is not evicted. */
    readonly graceSeconds: number
    /** What is kept of uploads that break off, so that clients can continue them. */
    readonly partialUploads: {
      /** In GB of 1,000,000,000 bytes, of `maxSizeGb`. 0 keeps nothing. */
      readonly maxSizeGb: number
      readonly keepMinutes: number
    }
  }
  /** Another server as the cache behind this one's. */
  readonly backingCache: {
    /** `grpc://host:port`, `grpcs://host:port` or `unix:/path`; undefined for none. */
    readonly target: string | undefined
    /** What clients of that server call the instance. */
    readonly instanceName: string
    /** Whether nothing is stored here that is not stored there as well. */
    readonly required: boolean
    /** What blobs are compressed with on the way, if that server offers it. */
    readonly compression: 'zstd' | 'none'
    /** How often a call is made again that failed in a way that may pass. */
    readonly putRetryCount: number
    /** In seconds: for so long a call may show no sign of life. */
    readonly timeout: number
    /** Absolute path of a file with the bearer token that it is shown; undefined for none. */
    readonly tokenFile: string | undefined
    /** For `grpcs`: absolute paths of PEM files; undefined for the system's authorities, and for no certificate of our own. */
    readonly tls: {
      readonly caFile: string | undefined
      readonly certFile: string | undefined
      readonly keyFile: string | undefined
    }
  }
  readonly actionCache: {
    /** Whether clients may store results. Executions do in any case. */
    readonly updates: boolean
    /** Whether a client has to upload an action and its command before their result. */
    readonly requireAction: boolean
  }
  /** Which are offered, the preferred one first; undefined stands for all that this process can compute. */
  readonly digestFunctions: readonly DigestFunctionName[] | undefined
  readonly execution: {
    /** False: a cache that executes nothing. */
    readonly enabled: boolean
    /** How many actions run at once; 0 stands for the number of CPUs. */
    readonly concurrency: number
    /** Absolute path of where actions run; undefined stands for below `localCache.dir`. */
    readonly buildRoot: string | undefined
    /** How many actions may wait for a slot. */
    readonly queueSize: number
    /** What actions may ask for beside what the machine says of itself. */
    readonly platform: readonly PlatformProperty[]
    readonly platformPolicy: PlatformPolicy
    /** In seconds, for actions that say nothing. */
    readonly defaultTimeout: number
    /** In seconds; actions that ask for more are refused. */
    readonly maxTimeout: number
    /** In seconds; an operation that nobody waits for is cancelled after so long (EX-19). */
    readonly abandonAfter: number
    /** Whether symbolic links in inputs and outputs may have absolute targets. */
    readonly absoluteSymlinks: 'allowed' | 'disallowed'
    /** Refuse what the protocol lets a server refuse: lists out of order, a working directory that is not there. */
    readonly strict: boolean
    /** What a command may write to stdout, and as much to stderr, in MB of 1,000,000 bytes. */
    readonly maxStdoutMb: number
    /** Tell clients what an action used, in its metadata. */
    readonly reportResourceUsage: boolean
    /** Which part of the actions is run a second time to compare: 0 to 1. */
    readonly determinismSampleRate: number
    /** What actions run in; `auto`: bubblewrap where it works. */
    readonly sandbox: SandboxChoice
    /** Absolute paths that actions see in the sandbox beside the system's own directories. */
    readonly sandboxMounts: readonly string[]
    /** Who runs actions: `auto`, `unprivileged`, or a user; `root` to stay root. */
    readonly runAs: string
  }
  readonly telemetry: {
    /** Where spans are sent, over OTLP/HTTP; undefined for nowhere. */
    readonly tracingEndpoint: string | undefined
    /** How many of the traces that begin here are sent, above 0 and up to 1. */
    readonly sampleRatio: number
  }
  /** Whether SplitBlob and SpliceBlob are served. */
  readonly chunking: boolean
  /** How many processes speak gRPC; 1 is the server's own, and 0 stands for what the number of CPUs suggests. */
  readonly frontEnds: number
  /** In seconds: how often a connection is asked whether its client is still there. */
  readonly keepalive: number
  /** In seconds: how long what runs may take to finish when the server is told to stop. */
  readonly shutdownGrace: number
  /** In seconds: a server that nobody uses for so long stops by itself; 0 for never. */
  readonly idleTimeout: number
  readonly logLevel: LogLevel
}
