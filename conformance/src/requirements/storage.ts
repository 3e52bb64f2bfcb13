import type { Section } from './requirement.js'

/** Sections 1 to 8: what every call has in common, and blobs. */
export const storageSections: readonly Section[] = [
  {
    number: 1,
    title: 'General, errors, instances',
    requirements: [
      {
        id: 'GEN-01',
        level: 'M',
        says: 'every RPC validates that required digests are present; absent/malformed digest ⇒ INVALID_ARGUMENT, never a crash.',
      },
      {
        id: 'GEN-02',
        level: 'S',
        says: 'any call may carry google.rpc.RetryInfo; on RESOURCE_EXHAUSTED/UNAVAILABLE we attach it.',
      },
      {
        id: 'GEN-03',
        level: 'D',
        says: 'unknown instance_name ⇒ INVALID_ARGUMENT (or accept any; config), identical across all services; empty name is valid.',
      },
      {
        id: 'GEN-04',
        level: 'M',
        says: 'CAS and AC of different instances do not leak AC entries into each other (AC keyed by instance; CAS may be shared).',
      },
      {
        id: 'GEN-05',
        level: 'S',
        says: 'details travel in grpc-status-details-bin as google.rpc.Status so Java/Go/Rust clients decode them.',
      },
      {
        id: 'GEN-06',
        level: 'C',
        says: "code choice respects Bazel's retriable set: client faults ⇒ INVALID_ARGUMENT/OUT_OF_RANGE/NOT_FOUND/FAILED_PRECONDITION, never INTERNAL/UNKNOWN.",
      },
      {
        id: 'GEN-07',
        level: 'C',
        says: 'a client that cancels or disconnects mid-RPC leaves no temp file, lock, reservation or listener behind.',
      },
      { id: 'GEN-08', level: 'D', says: 'digest_function in a request that is not advertised ⇒ INVALID_ARGUMENT.' },
    ],
  },
  {
    number: 2,
    title: 'Digests',
    requirements: [
      {
        id: 'DIG-01',
        level: 'M',
        says: 'hash is lowercase hex, full length of the function; uppercase/short/long/non-hex ⇒ INVALID_ARGUMENT.',
      },
      {
        id: 'DIG-02',
        level: 'M',
        says: 'size is part of identity: right hash + wrong size ⇒ reject write; read/find treat it as absent.',
      },
      { id: 'DIG-03', level: 'M', says: 'negative size ⇒ INVALID_ARGUMENT.' },
      {
        id: 'DIG-04',
        level: 'S',
        says: 'digest_function unset ⇒ infer from hash length among advertised functions, for MD5, MURMUR3, SHA1, SHA256, SHA384, SHA512, VSO only.',
      },
      {
        id: 'DIG-05',
        level: 'M',
        says: 'BLAKE3/SHA256TREE/GITSHA1 need an explicit function (same length as SHA256/SHA1); unset length-64 hash means SHA256.',
      },
      {
        id: 'DIG-06',
        level: 'M',
        says: "all digests in one FindMissing/Batch request use the request's single function.",
      },
      { id: 'DIG-07', level: 'M', says: 'same 64-hex string under SHA256 and BLAKE3 are different keys.' },
      {
        id: 'DIG-08',
        level: 'M',
        says: 'proto messages we write (Directory, Tree, ActionResult) are serialized in tag order, no unknown or duplicate fields, default values omitted ⇒ byte-stable digests (golden vectors).',
      },
      {
        id: 'DIG-09',
        level: 'M',
        says: "one action uses a single digest function throughout; results use the action's function.",
      },
      { id: 'DIG-10', level: 'M', says: 'SHA256TREE, if advertised, matches sha256tree_test_vectors.txt.' },
    ],
  },
  {
    number: 3,
    title: 'Resource names',
    requirements: [
      { id: 'RN-01', level: 'M', says: 'read: [instance/]blobs/[fn/]hash/size.' },
      { id: 'RN-02', level: 'M', says: 'read compressed: [instance/]compressed-blobs/{compressor}/[fn/]hash/size.' },
      {
        id: 'RN-03',
        level: 'M',
        says: 'write: [instance/]uploads/{uuid}/blobs/[fn/]hash/size[/metadata…]; same for compressed.',
      },
      {
        id: 'RN-04',
        level: 'M',
        says: 'leading slash omitted when instance is empty; a leading-slash name ⇒ INVALID_ARGUMENT (D).',
      },
      {
        id: 'RN-05',
        level: 'M',
        says: 'instance may span several segments, but no segment equals blobs, uploads, actions, actionResults, operations, capabilities, compressed-blobs.',
      },
      {
        id: 'RN-06',
        level: 'M',
        says: 'fn omitted for MD5, MURMUR3, SHA1, SHA256, SHA384, SHA512, VSO; present (lowercase) for blake3, sha256tree, gitsha1. Present for an "old" function ⇒ INVALID_ARGUMENT (D: lenient accept allowed).',
      },
      {
        id: 'RN-07',
        level: 'M',
        says: 'compressor is lowercase enum name other than identity and must be advertised; else INVALID_ARGUMENT.',
      },
      {
        id: 'RN-08',
        level: 'M',
        says: 'trailing metadata (one or more segments) accepted and ignored on uploads; not accepted on reads (D).',
      },
      {
        id: 'RN-09',
        level: 'S',
        says: 'uuid should be a v4 UUID; we accept any non-empty segment (D: same uuid for different blobs is legal).',
      },
      {
        id: 'RN-10',
        level: 'M',
        says: 'the optional header build.bazel.remote.execution.v2.resource-name, if sent, must equal the name; mismatch ⇒ INVALID_ARGUMENT (D), absence fine.',
      },
      { id: 'RN-11', level: 'M', says: 'size must be a plain non-negative decimal ≤ 2^63−1.' },
    ],
  },
  {
    number: 4,
    title: 'ByteStream.Read',
    requirements: [
      { id: 'BR-01', level: 'M', says: 'absent blob ⇒ NOT_FOUND.' },
      {
        id: 'BR-02',
        level: 'M',
        says: 'empty blob always readable though never uploaded (identity: zero data; zstd: a valid empty frame).',
      },
      { id: 'BR-03', level: 'M', says: 'read_offset <0 or > size ⇒ OUT_OF_RANGE; == size ⇒ OK, no data.' },
      { id: 'BR-04', level: 'M', says: 'read_limit <0 ⇒ error; 0 = unlimited; >0 caps the sum of data, never over.' },
      { id: 'BR-05', level: 'M', says: 'fewer bytes than limit ⇒ everything to the end was sent.' },
      {
        id: 'BR-06',
        level: 'M',
        says: 'zstd: read_offset counts *uncompressed* bytes; decompressed stream equals blob[offset:].',
      },
      { id: 'BR-07', level: 'M', says: 'zstd: non-zero read_limit ⇒ INVALID_ARGUMENT.' },
      {
        id: 'BR-08',
        level: 'M',
        says: 'any recently advertised blob is available in identity and in every advertised compressor.',
      },
      {
        id: 'BR-09',
        level: 'S',
        says: 'messages stay well below 4 MiB (chunk 64 KiB–1 MiB); empty data messages allowed as keepalive.',
      },
      {
        id: 'BR-10',
        level: 'S',
        says: "read extends the blob's lifetime; an eviction during the read does not truncate the stream.",
      },
      { id: 'BR-11', level: 'C', says: 'back-pressure: a slow reader does not grow server memory beyond O(chunk).' },
    ],
  },
  {
    number: 5,
    title: 'ByteStream.Write, QueryWriteStatus',
    requirements: [
      {
        id: 'BW-01',
        level: 'M',
        says: 'first request must carry resource_name; later ones empty or identical, else INVALID_ARGUMENT.',
      },
      {
        id: 'BW-02',
        level: 'M',
        says: 'first write_offset equals what QueryWriteStatus would return; later = first + bytes sent so far on this stream; wrong ⇒ INVALID_ARGUMENT.',
      },
      {
        id: 'BW-03',
        level: 'M',
        says: 'for compressed: first offset is uncompressed, later offsets add compressed lengths.',
      },
      {
        id: 'BW-04',
        level: 'M',
        says: 'any request after finish_write ⇒ error; half-close without finish_write ⇒ not committed (INVALID_ARGUMENT D).',
      },
      {
        id: 'BW-05',
        level: 'M',
        says: 'content is verified (size and hash, after decompression); mismatch ⇒ INVALID_ARGUMENT and blob not visible.',
      },
      {
        id: 'BW-06',
        level: 'M',
        says: 'more bytes than size (identity) ⇒ INVALID_ARGUMENT/OUT_OF_RANGE as soon as noticed; decompression bomb stops at size+1.',
      },
      {
        id: 'BW-07',
        level: 'M',
        says: 'malformed/truncated zstd ⇒ INVALID_ARGUMENT; several concatenated frames accepted.',
      },
      {
        id: 'BW-08',
        level: 'M',
        says: 'blob already present, or completed by another writer midway ⇒ finish at once with OK: committed_size = full size (identity) or −1 (compressed), regardless of bytes received.',
      },
      { id: 'BW-09', level: 'M', says: 'identity success ⇒ committed_size = size.' },
      {
        id: 'BW-10',
        level: 'D',
        says: 'compressed success ⇒ compressed bytes (or per-client value, see "Compressed writes" below).',
      },
      {
        id: 'BW-11',
        level: 'M',
        says: 'concurrent writers of one digest, compressed and not, all succeed; one file results.',
      },
      { id: 'BW-12', level: 'S', says: 'over max_cas_blob_size_bytes ⇒ INVALID_ARGUMENT before reading the body.' },
      { id: 'BW-13', level: 'S', says: 'disk quota exhausted ⇒ RESOURCE_EXHAUSTED.' },
      { id: 'BW-14', level: 'M', says: 'empty blob upload ⇒ OK no-op.' },
      { id: 'BW-15', level: 'M', says: 'unfinished upload is invisible to Find/Read/Batch.' },
      {
        id: 'QS-01',
        level: 'M',
        says: 'QueryWriteStatus unknown ⇒ NOT_FOUND (or committed 0, complete=false: bazel-remote/BuildBuddy practice, D).',
      },
      { id: 'QS-02', level: 'M', says: 'complete=true only after a processed finish_write (or blob present).' },
      { id: 'QS-03', level: 'M', says: 'non-decreasing.' },
      { id: 'QS-04', level: 'M', says: 'returning N>0 incomplete obliges us to accept a Write at offset N.' },
    ],
  },
  {
    number: 6,
    title: 'FindMissingBlobs and batches',
    requirements: [
      {
        id: 'FM-01',
        level: 'M',
        says: 'returns exactly the absent subset, nothing not asked for; duplicates in the request reported at most once per entry (D: dedupe).',
      },
      { id: 'FM-02', level: 'M', says: 'empty blob never missing.' },
      { id: 'FM-03', level: 'M', says: 'empty request ⇒ empty response.' },
      { id: 'FM-04', level: 'S', says: 'lifetimes of present blobs extended.' },
      { id: 'FM-05', level: 'C', says: '10 000 digests (~700 KiB) and up to message limit handled in one call, fast.' },
      { id: 'FM-06', level: 'M', says: 'read-after-write: a blob acknowledged by Write/BatchUpdate is not missing.' },
      { id: 'BU-01', level: 'M', says: 'each entry independent; one response per request with digest + status.' },
      { id: 'BU-02', level: 'M', says: 'total > limit ⇒ whole call INVALID_ARGUMENT.' },
      { id: 'BU-03', level: 'M', says: 'data/digest mismatch ⇒ that entry INVALID_ARGUMENT.' },
      { id: 'BU-04', level: 'M', says: 'quota ⇒ that entry RESOURCE_EXHAUSTED.' },
      {
        id: 'BU-05',
        level: 'M',
        says: 'compressor IDENTITY or advertised in supported_batch_update_compressors; digest always of uncompressed data; else that entry INVALID_ARGUMENT.',
      },
      { id: 'BU-06', level: 'M', says: 'duplicate digests in one request all OK.' },
      { id: 'BU-07', level: 'D', says: 'limit counts wire data length (document; uncompressed also bounded).' },
      {
        id: 'RD-01',
        level: 'M',
        says: 'per-digest status: OK+data or NOT_FOUND etc.; order may be any, we keep request order.',
      },
      { id: 'RD-02', level: 'M', says: 'total > limit ⇒ INVALID_ARGUMENT for the call.' },
      {
        id: 'RD-03',
        level: 'M',
        says: 'compressor in response is IDENTITY or one of acceptable_compressors; IDENTITY always acceptable.',
      },
      { id: 'RD-04', level: 'M', says: 'empty blob OK.' },
      {
        id: 'RD-05',
        level: 'M',
        says: "response message itself fits the client's default 4 MiB when request sizes ≤ advertised limit.",
      },
    ],
  },
  {
    number: 7,
    title: 'GetTree',
    requirements: [
      { id: 'GT-01', level: 'M', says: 'root absent ⇒ NOT_FOUND.' },
      {
        id: 'GT-02',
        level: 'M',
        says: 'all Directories reachable returned incl. root (order unspecified; we send root first).',
      },
      { id: 'GT-03', level: 'M', says: 'missing descendants are omitted, not an error.' },
      { id: 'GT-04', level: 'M', says: 'page_size respected as maximum per response; server may use smaller pages.' },
      {
        id: 'GT-05',
        level: 'M',
        says: 'next_page_token empty only on the last page; a returned token resumes there in a new call; garbage token ⇒ INVALID_ARGUMENT.',
      },
      { id: 'GT-06', level: 'D', says: 'each distinct Directory sent once (dedupe) — diamond trees terminate.' },
      { id: 'GT-07', level: 'C', says: 'responses under 4 MiB.' },
      { id: 'GT-08', level: 'D', says: 'root that is not a Directory proto ⇒ INVALID_ARGUMENT (D).' },
    ],
  },
  {
    number: 8,
    title: 'SplitBlob, SpliceBlob',
    requirements: [
      {
        id: 'CH-01',
        level: 'M',
        says: 'flags split_blob_support/splice_blob_support match behaviour; not supported ⇒ UNIMPLEMENTED.',
      },
      {
        id: 'CH-02',
        level: 'M',
        says: 'Split: chunks are in CAS and concatenate to the blob; NOT_FOUND if blob/chunk/split info missing; extends lifetimes.',
      },
      {
        id: 'CH-03',
        level: 'M',
        says: 'Splice: verify digest of the concatenation, mismatch ⇒ INVALID_ARGUMENT; chunk missing ⇒ NOT_FOUND; may be a no-op if present; ALREADY_EXISTS if other chunking kept without touching these chunks.',
      },
      { id: 'CH-04', level: 'M', says: 'UNKNOWN chunking function always accepted.' },
      {
        id: 'CH-05',
        level: 'M',
        says: 'FastCDC params: avg 1 KiB–1 MiB, min=avg/4, max=avg*4, normalization 2; vectors file.',
      },
      { id: 'CH-06', level: 'M', says: 'same digest function for blob and chunks.' },
    ],
  },
]
