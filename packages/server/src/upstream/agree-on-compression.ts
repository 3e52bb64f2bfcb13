import { type Logger, silentLogger } from '@gorego/core'
import { availableCompressors } from '../compression/available-compressors.js'
import { AgreedCompression, type AgreedCompressionOptions } from './agreed-compression.js'
import type { AnnouncedCapabilities } from './announced-capabilities.js'

/** What may be asked for: a compressor's name as resource names spell it. */
export type CompressionName = 'zstd' | 'none'

export interface CompressionWish {
  /** Of the server that is asked. */
  readonly capabilities: AnnouncedCapabilities
  readonly compression: CompressionName | undefined
  readonly onChange?: AgreedCompressionOptions['onChange']
  readonly logger?: Logger
}

/** What is used on a connection whose user wishes for compression; undefined for who does not. The server is asked with the first blob. */
export function agreeOnCompression({
  capabilities,
  compression = 'none',
  onChange,
  logger = silentLogger,
}: CompressionWish): AgreedCompression | undefined {
  if (compression === 'none') return undefined
  return new AgreedCompression({
    compressors: availableCompressors(logger).filter(({ name }) => name === compression),
    capabilities,
    ...(onChange === undefined ? {} : { onChange }),
  })
}
