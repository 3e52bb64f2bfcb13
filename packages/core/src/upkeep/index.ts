export { type Collected, type CollectOptions, type CollectStage, collectGarbage } from './collect-garbage.js'
export { type EmptyStoreOptions, emptyStore, unusedStoreAt } from './empty-store.js'
export { type StoreStatistics, storeStatistics } from './store-statistics.js'
export { type VerifiedBlob, type VerifyOptions, verifyStore } from './verify-store.js'
