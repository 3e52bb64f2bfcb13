/** The limits that are advertised are the limits that are enforced (CP-06); both read them here. */

/**
 * What the data of one batch may add up to. Some clients never ask and take 4 MiB less 1 KiB for granted, so less would
 * refuse them; more would not fit the 4 MiB that clients receive by default.
 */
export const MAX_BATCH_BYTES = 4 * 1024 * 1024 - 1024

/** What a message to a client may be: clients receive so much unless told otherwise. */
export const MAX_SENT_MESSAGE_BYTES = 4 * 1024 * 1024

/**
 * What a message from a client may be; a request of the largest batch has digests, too, and some clients go further. Each
 * stream may have one such message in memory that has not come to its end yet.
 */
export const MAX_RECEIVED_MESSAGE_BYTES = 16 * 1024 * 1024

/**
 * How many fields a request may have, those of the messages in it counted: more than any that keeps the other limits. 16 MiB
 * of messages of two bytes would otherwise hold everything up for seconds and take gigabytes.
 */
export const MAX_REQUEST_FIELDS = 300_000

/**
 * What one FindMissingBlobs may be: more than 50,000 digests of SHA-256, 25,000 of SHA-512. The answer can be as long as the question and has to fit what
 * clients receive, and it is made in one go.
 */
export const MAX_FIND_MISSING_BYTES = 4 * 1024 * 1024 - 4096

/** What one SpliceBlob may be: more than the chunks that a blob may have. It is parsed in one go. */
export const MAX_SPLICE_BYTES = 2 * 1024 * 1024

/** What a result in the action cache may be: clients receive little more. */
export const MAX_ACTION_RESULT_BYTES = 3 * 1024 * 1024

/** EX-23: priorities beyond are taken as the nearest in range. */
export const PRIORITIES = { min: -1000, max: 1000 } as const
