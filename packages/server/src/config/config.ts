export type LogLevel = 'debug' | 'info' | 'warn' | 'error'

/** Everything that a server can be told. One field, one line in settings.ts: its key, variable, flag, default and meaning. */
export interface Config {
  /** Where gRPC is served: `host:port`, `[::1]:port` (port 0 takes a free one) or `unix:/path`. */
  readonly listenAddr: string
  readonly localCache: {
    /** Absolute path; made if absent. */
    readonly dir: string
    /** In GB of 1,000,000,000 bytes. */
    readonly maxSizeGb: number
  }
  readonly execution: {
    /** False: a cache that executes nothing. */
    readonly enabled: boolean
    /** How many actions run at once; 0 stands for the number of CPUs. */
    readonly concurrency: number
    /** Absolute path of where actions run; undefined stands for below `localCache.dir`. */
    readonly buildRoot: string | undefined
    /** How many actions may wait for a slot. */
    readonly queueSize: number
  }
  readonly logLevel: LogLevel
}
