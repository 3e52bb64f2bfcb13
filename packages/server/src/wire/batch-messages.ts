import { reapi } from '@gorego/core'
import { MAX_REQUEST_FIELDS } from '../services/limits.js'
import { SentDigest } from './sent-digest.js'

const { FieldCount, MessageWriter, WireReader } = reapi

/** One blob of a BatchUpdateBlobs. */
export interface UpdateEntry {
  readonly digest: SentDigest | undefined
  /** A view of the request. */
  readonly data: Uint8Array
  readonly compressor: number
}

/** A BatchUpdateBlobsRequest. */
export interface BatchUpdateMessage {
  readonly instanceName: string
  readonly digestFunction: number
  readonly entries: readonly UpdateEntry[]
}

/** A BatchReadBlobsRequest. */
export interface BatchReadMessage {
  readonly instanceName: string
  readonly digestFunction: number
  readonly digests: readonly SentDigest[]
  readonly acceptableCompressors: ReadonlySet<number>
}

const NO_DATA = new Uint8Array(0)

export function parseBatchUpdate(bytes: Uint8Array): BatchUpdateMessage {
  let [instanceName, digestFunction] = ['', 0]
  const entries: UpdateEntry[] = []
  for (const reader = new WireReader(bytes, new FieldCount(MAX_REQUEST_FIELDS)); reader.next(); ) {
    if (reader.number === 1) instanceName = reader.text()
    else if (reader.number === 2) entries.push(readUpdateEntry(reader.message()))
    else if (reader.number === 5) digestFunction = reader.int32()
  }
  return { instanceName, digestFunction, entries }
}

function readUpdateEntry(reader: reapi.WireReader): UpdateEntry {
  let digest: SentDigest | undefined
  let data: Uint8Array = NO_DATA
  let compressor = 0
  while (reader.next()) {
    if (reader.number === 1) digest = new SentDigest(reader)
    else if (reader.number === 2) data = reader.view()
    else if (reader.number === 3) compressor = reader.int32()
  }
  return { digest, data, compressor }
}

export function parseBatchRead(bytes: Uint8Array): BatchReadMessage {
  let [instanceName, digestFunction] = ['', 0]
  const digests: SentDigest[] = []
  const acceptableCompressors = new Set<number>()
  for (const reader = new WireReader(bytes, new FieldCount(MAX_REQUEST_FIELDS)); reader.next(); ) {
    if (reader.number === 1) instanceName = reader.text()
    else if (reader.number === 2) digests.push(new SentDigest(reader))
    else if (reader.number === 3) for (const value of reader.int32s()) acceptableCompressors.add(value)
    else if (reader.number === 4) digestFunction = reader.int32()
  }
  return { instanceName, digestFunction, digests, acceptableCompressors }
}

/** What became of one blob: OK is a status without fields. */
export type EncodedStatus = Uint8Array

/** An entry of a BatchUpdateBlobsResponse; entries one behind the other are a response. */
export function addUpdated(response: reapi.MessageWriter, digest: SentDigest | undefined, status: EncodedStatus): void {
  const entry = new MessageWriter()
  if (digest !== undefined) entry.bytes(1, digest.bytes)
  response.message(1, entry.bytes(2, status))
}

/** The same of a BatchReadBlobsResponse, in which the blob comes along. */
export function addRead(
  response: reapi.MessageWriter,
  digest: SentDigest,
  status: EncodedStatus,
  { data, compressor }: { readonly data: Uint8Array; readonly compressor: number },
): void {
  const entry = new MessageWriter().bytes(1, digest.bytes)
  if (data.length > 0) entry.bytes(2, data)
  response.message(1, entry.bytes(3, status).varint(4, compressor))
}
