import type { Logger } from '@gorego/core'
import type { Compressor } from './compressor.js'
import { createZstd } from './zstd/create-zstd.js'

/** Every compressor that works here, which is what GetCapabilities says (RN-07, BR-08). */
export function availableCompressors(logger: Logger): readonly Compressor[] {
  const zstd = createZstd()
  if (zstd !== undefined) return [zstd]
  logger.info(
    'zstd is not offered: Node has it from 22.15 on, and the optional package @bokuweb/zstd-wasm is not installed',
  )
  return []
}
