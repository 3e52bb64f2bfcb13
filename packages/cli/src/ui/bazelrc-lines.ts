/** Where a Bazel finds a server, and how many actions that runs at once, if known. */
export interface BazelTarget {
  /** `grpc://host:port`, `grpcs://host:port` or `unix:/path`, as Bazel's --remote_executor takes it. */
  readonly address: string
  readonly slots?: number
}

/** A large blob over a slow line: Bazel's own 60 seconds are for one call, however much it carries. */
const REMOTE_TIMEOUT_S = 600

/**
 * What a .bazelrc needs, for Bazel 4 and later. Spawn strategies are left alone: with an executor, Bazel prefers it by
 * itself and keeps the local ones for actions that cannot be remote. The cache is the executor's unless said otherwise.
 */
export function bazelrcLines({ address, slots }: BazelTarget): string[] {
  const jobs = 'twice the slots of the server: while one half runs, the other one is sent and fetched'
  return [
    `build --remote_executor=${address}`,
    `build --remote_timeout=${REMOTE_TIMEOUT_S}`,
    ...(slots === undefined
      ? [`# ${jobs}`, '# build --jobs=8']
      : slots > 0
        ? [`# ${jobs}`, `build --jobs=${2 * slots}`]
        : []),
  ]
}

/** What a .bazelrc needs to use a server that only caches. */
export function cacheOnlyLines(address: string): string[] {
  return [`build --remote_cache=${address}`, `build --remote_timeout=${REMOTE_TIMEOUT_S}`]
}
