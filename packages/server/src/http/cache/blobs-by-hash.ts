import type { LocalStore } from '@gorego/core'

/** What HTTP needs of a store beyond its interface: there, nobody says how many bytes a blob has. */
export type BlobsByHash = Pick<LocalStore, 'find' | 'receive'>
