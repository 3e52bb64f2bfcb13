import type { DigestFunctionSet } from '@gorego/core'
import type { Compressor } from '../compression/compressor.js'
import type { InstanceCheck } from './instance-name.js'

/** What requests and resource names may name on this server: its instances, digest functions and compressors. */
export interface Dialect {
  /** Throws `invalid-argument` for an instance that there is not (GEN-03). */
  readonly checkInstance: InstanceCheck
  /** GEN-08 */
  readonly functions: DigestFunctionSet
  /** What blobs may be compressed with on their way, over ByteStream and in batches (RN-07, BU-05). */
  readonly compressors: readonly Compressor[]
}
