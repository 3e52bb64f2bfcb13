/** An Action is a handful of fields; a blob beyond this, in bytes, is something else, and would take its time to parse. */
export const MAX_ACTION_BYTES = 128 * 1024

/** No system starts a program with more than a few MiB of arguments and environment. */
export const MAX_COMMAND_BYTES = 16 * 1024 * 1024
