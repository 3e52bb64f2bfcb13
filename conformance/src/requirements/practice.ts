import type { Section } from './requirement.js'

/** Sections 16 and 17: what real clients rely on, and what went wrong elsewhere. */
export const practiceSections: readonly Section[] = [
  {
    number: 16,
    title: 'What clients do',
    requirements: [
      {
        id: 'CL-01',
        level: 'C',
        says: "a client's own fault is never CANCELLED, UNKNOWN, DEADLINE_EXCEEDED, ABORTED, INTERNAL, UNAVAILABLE or RESOURCE_EXHAUSTED, which Bazel retries.",
      },
      {
        id: 'CL-02',
        level: 'C',
        says: 'Execute and WaitExecution streams that end OK end with a done operation; an OK response has a result.',
      },
      {
        id: 'CL-03',
        level: 'C',
        says: 'FindMissingBlobs, ByteStream, BatchUpdateBlobs, BatchReadBlobs and GetTree are all implemented: clients hang or fail otherwise.',
      },
      {
        id: 'CL-04',
        level: 'C',
        says: 'batches of 4 MiB less 1 KiB, 4,000 digests a batch and 10,000 digests a FindMissingBlobs are taken.',
      },
      {
        id: 'CL-05',
        level: 'C',
        says: 'max_batch_total_size_bytes is above 0 and below the message limit; received messages may be well above 4 MiB; sent ones are below 4 MiB.',
      },
      { id: 'CL-06', level: 'C', says: 'downloads resume with read_offset; QueryWriteStatus is implemented.' },
      { id: 'CL-07', level: 'C', says: 'an execution with skip_cache_lookup replaces the action cache entry.' },
      { id: 'CL-08', level: 'C', says: 'ExecutedActionMetadata.worker is not empty.' },
      {
        id: 'CL-09',
        level: 'C',
        says: 'GetActionResult looks after every blob that the result refers to, those inside Trees too.',
      },
      {
        id: 'CL-10',
        level: 'C',
        says: 'all missing inputs come in one reply: FAILED_PRECONDITION with one MISSING violation a blob.',
      },
      {
        id: 'CL-11',
        level: 'C',
        says: 'idle Execute streams get an update within 60 s; an operation that nobody waits for ends after a grace.',
      },
      {
        id: 'CL-12',
        level: 'C',
        says: 'committed_size of a compressed write: −1 for a blob that was there, the compressed count otherwise, the uncompressed size for tools known to want it.',
      },
      { id: 'CL-13', level: 'C', says: 'low_api_version is 2.0.' },
      {
        id: 'CL-14',
        level: 'C',
        says: 'clients that never ask for capabilities are served; a WriteRequest may carry 4,193,415 bytes.',
      },
      { id: 'CL-15', level: 'C', says: 'action timeouts of 3,600 s and up to 24 h are taken.' },
      {
        id: 'CL-16',
        level: 'C',
        says: 'an operation whose stream its client left can be asked for with GetOperation, WaitExecution and CancelOperation.',
      },
      { id: 'CL-17', level: 'C', says: 'auxiliary_metadata is empty unless asked for.' },
      {
        id: 'CL-18',
        level: 'C',
        says: 'a command that timed out still shows what it printed, and the declared outputs that exist.',
      },
      { id: 'CL-19', level: 'C', says: 'over the HTTP cache, values below /ac/ may be opaque.' },
      { id: 'CL-20', level: 'C', says: 'a zstd upload may be any number of frames.' },
    ],
  },
  {
    number: 17,
    title: 'Faults that others have shipped',
    requirements: [
      {
        id: 'FT-01',
        level: 'C',
        says: 'a blob that is an executable and a plain file at once has the right bits in both places.',
      },
      { id: 'FT-02', level: 'C', says: 'more links to one blob than the file system allows are copies.' },
      {
        id: 'FT-03',
        level: 'C',
        says: 'a blob evicted between look-up and link is fetched again or reported as missing, never INTERNAL.',
      },
      { id: 'FT-04', level: 'C', says: 'an action that writes to its inputs changes nothing for others.' },
      { id: 'FT-05', level: 'C', says: 'a grandchild that keeps stdout open holds nobody up.' },
      {
        id: 'FT-06',
        level: 'C',
        says: 'a program that was just staged can be executed at once, under full concurrency (no ETXTBSY).',
      },
      {
        id: 'FT-07',
        level: 'C',
        says: 'an action sees the variables of its Command and nothing else of the server’s.',
      },
      {
        id: 'FT-08',
        level: 'C',
        says: 'names in Directories, working_directory and output paths cannot lead out of the input root.',
      },
    ],
  },
]
