import { fstatSync, readSync } from 'node:fs'
import type { CommandOrder, Launched, Launcher } from '../runner/launch/launcher.js'
import { NativeLauncher } from '../runner/launch/native-launcher.js'
import { NodeLauncher } from '../runner/launch/node-launcher.js'
import { PrintedFiles } from '../runner/printed-files.js'
import { runnerProgram } from '../worker/runner-program.js'
import { type TemporaryDirectory, temporaryDirectory } from './temporary-directory.js'

/** The native launcher's program; undefined where none was built. */
export const nativeProgram = runnerProgram().launcher

/** A launcher with what it prints to. */
export interface LauncherRig extends Disposable {
  readonly launcher: Launcher
  readonly printed: PrintedFiles
  readonly directory: TemporaryDirectory
  /** Why the native launcher's program ended. */
  readonly deaths: string[]
  /** Starts a command after having made room for what it prints. */
  launch(order: Partial<CommandOrder>): Launched
  sh(script: string): Launched
  /** What the last command printed. */
  read(stream: 0 | 1): string
}

export function launcherRig(kind: 'native' | 'node'): LauncherRig {
  const directory = temporaryDirectory()
  const printed = new PrintedFiles(directory.path)
  const deaths: string[] = []
  const launcher =
    kind === 'native'
      ? new NativeLauncher({ program: nativeProgram ?? '', printed, onDeath: (why) => deaths.push(why) })
      : new NodeLauncher({ directory: directory.path, printed, onStart: () => {} })
  const launch = (order: Partial<CommandOrder>) => {
    printed.empty()
    return launcher.launch({
      program: '/bin/true',
      argv: ['true'],
      env: {},
      workingDirectory: directory.path,
      ...order,
    })
  }
  return {
    launcher,
    printed,
    directory,
    deaths,
    launch,
    sh: (script) => launch({ program: '/bin/sh', argv: ['sh', '-c', script] }),
    read(stream) {
      const descriptor = printed.descriptors[stream]
      const bytes = Buffer.alloc(fstatSync(descriptor).size)
      readSync(descriptor, bytes, 0, bytes.length, 0)
      return bytes.toString()
    },
    [Symbol.dispose]() {
      launcher.end()
      directory[Symbol.dispose]()
    },
  }
}

/** What the system says of a command that could not be started. */
export const systemCode = (promise: Promise<unknown>) =>
  promise.then(
    () => 'started',
    (error: NodeJS.ErrnoException) => error.code,
  )
