/** The limits that are advertised are the limits that are enforced (CP-06); both read them here. */

/**
 * What the data of one batch may add up to. Some clients never ask and take 4 MiB less 1 KiB for granted, so less would
 * refuse them; more would not fit the 4 MiB that clients receive by default.
 */
export const MAX_BATCH_BYTES = 4 * 1024 * 1024 - 1024

/** What a message to a client may be: clients receive so much unless told otherwise. */
export const MAX_SENT_MESSAGE_BYTES = 4 * 1024 * 1024

/** What a message from a client may be; a request of the largest batch has digests, too, and some clients go further. */
export const MAX_RECEIVED_MESSAGE_BYTES = 64 * 1024 * 1024

/**
 * What one FindMissingBlobs may be: more than 50,000 digests. The answer can be as long as the question and has to fit what
 * clients receive, and it is made in one go.
 */
export const MAX_FIND_MISSING_BYTES = 4 * 1024 * 1024 - 4096

/** What a result in the action cache may be: clients receive little more. */
export const MAX_ACTION_RESULT_BYTES = 3 * 1024 * 1024

/** EX-23: priorities beyond are taken as the nearest in range. */
export const PRIORITIES = { min: -1000, max: 1000 } as const
