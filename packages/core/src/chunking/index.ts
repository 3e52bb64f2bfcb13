export { ChunkedBlobs, type ChunkedBlobsOptions } from './chunked-blobs.js'
export type { FastCdcParameters } from './fast-cdc-parameters.js'
