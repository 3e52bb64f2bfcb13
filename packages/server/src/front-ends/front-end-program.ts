import { fileURLToPath } from 'node:url'

/** How to start a front end: the program, and what node gets before it. */
export interface FrontEndProgram {
  readonly path: string
  readonly execArgv: readonly string[]
}

/** Beside this file in the package; run from source, with the loader that got us this far. */
export function frontEndProgram(): FrontEndProgram {
  if (import.meta.url.endsWith('.ts')) {
    const path = fileURLToPath(new URL('./main.ts', import.meta.url))
    return { path, execArgv: process.execArgv.filter((arg) => !arg.startsWith('--inspect')) }
  }
  return { path: fileURLToPath(new URL('./front-end.js', import.meta.url)), execArgv: [] }
}
