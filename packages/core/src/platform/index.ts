export { wantsNetwork } from './network.js'
export { type PlatformLabels, type PlatformPolicy, type PlatformProperty, platformProperties } from './platform.js'
export { createPlatformCheck, type PlatformCheck, type PlatformCheckOptions } from './platform-check.js'
