export { bubblewrapArguments, insideArguments, isShown, pathInSandbox } from './bubblewrap.js'
export { chooseSandbox, type SandboxChoice } from './choose-sandbox.js'
export type { SandboxEntry, SandboxPlace, SandboxSetup } from './sandbox.js'
