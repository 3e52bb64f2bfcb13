export { enterBubblewrap, isShown, pathInSandbox } from './bubblewrap.js'
export { chooseSandbox, type SandboxChoice } from './choose-sandbox.js'
export { SANDBOX_ROOT, type SandboxEntry, type SandboxPlace, type SandboxSetup } from './sandbox.js'
