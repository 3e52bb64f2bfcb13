export { ChunkedBlobs, type ChunkedBlobsOptions, MAX_CHUNKS } from './chunked-blobs.js'
export { FastCdc } from './fast-cdc.js'
export { type FastCdcParameters, fastCdcParameters } from './fast-cdc-parameters.js'
