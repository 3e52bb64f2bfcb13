import { join } from 'node:path'
import type { Config } from './config.js'
import { numberFromZero, path, positiveNumber, wholeNumber } from './kinds.js'
import type { SettingsOf } from './setting.js'
import { userCacheDirectory } from './surroundings.js'

/** What `local_cache` may hold, keep and leave free. */
export const localCacheSettings: SettingsOf<Config['localCache']> = {
  dir: {
    kind: path,
    fallback: (surroundings) => join(userCacheDirectory(surroundings), 'server'),
    fallbackText:
      '`$XDG_CACHE_HOME/gorego/server`; without that variable `~/.cache/gorego/server`, on macOS `~/Library/Caches/gorego/server`',
    flag: 'dir',
    about:
      'Where blobs and action results are kept; made if absent. `--dir` also puts `execution.build_root` below it.',
  },
  maxSizeGb: {
    kind: positiveNumber({ of: 'gigabytes' }),
    fallback: () => 50,
    about:
      'How much disk space blobs and action results may take, in GB of 10⁹ bytes; fractions are allowed. The least recently used blobs make room; results may take a tenth of it.',
  },
  minFreeGb: {
    kind: numberFromZero({ of: 'gigabytes' }),
    fallback: () => 1,
    about:
      'So much of the disk that the cache is on stays free, in GB of 10⁹ bytes: when others fill it, the cache has less than `max_size_gb`. `0`: no floor.',
  },
  highWatermark: {
    kind: wholeNumber({ of: 'per cent', min: 1, max: 100 }),
    fallback: () => 97,
    about:
      'When the cache holds so much of what it may hold, in per cent, it makes room in the background, so that writes seldom wait for it.',
  },
  lowWatermark: {
    kind: wholeNumber({ of: 'per cent', min: 1, max: 100 }),
    fallback: () => 93,
    about: 'Down to so much, in per cent; no more than `high_watermark`.',
  },
  graceSeconds: {
    kind: wholeNumber({ of: 'seconds', min: 0 }),
    fallback: () => 300,
    about:
      'For so long after a client stored, found or read a blob it is not evicted, because the client relies on it; what accepted actions need stays until they end. When nothing may be evicted, writes are refused with `RESOURCE_EXHAUSTED`. The longer, the larger a cache must be for the builds that use it at once.',
  },
  partialUploads: {
    maxSizeGb: {
      kind: numberFromZero({ of: 'gigabytes' }),
      fallback: () => 5,
      about:
        'How much of `local_cache.max_size_gb` uploads that broke off may take, in GB of 10⁹ bytes, until their clients continue them or blobs need the room. `0`: nothing is kept, and broken uploads start again.',
    },
    keepMinutes: {
      kind: positiveNumber({ of: 'minutes' }),
      fallback: () => 10,
      about: 'How long an upload that broke off is kept for its client to continue.',
    },
  },
}
