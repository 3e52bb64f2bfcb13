import { join } from 'node:path'
import { LocalExecutor, type LocalExecutorOptions } from '../local-executor.js'
import { temporaryDirectory } from './temporary-directory.js'

/** What a file of tests has in common. */
export interface ExecutorForTests {
  readonly executor: LocalExecutor
  /** A path beside the executor's root (`root`), in a directory that nobody else has. */
  path(name: string): string
}

/** Opens an executor of two slots for all tests of a file; `after` is where that file's tests say what comes after them. */
export async function executorFor(
  { after }: { after(hook: () => Promise<void>): void },
  options: Partial<LocalExecutorOptions> = {},
): Promise<ExecutorForTests> {
  const space = temporaryDirectory()
  const path = (name: string) => join(space.path, name)
  const executor = await LocalExecutor.open({ root: path('root'), concurrency: 2, ...options })
  after(async () => {
    await executor.close()
    space[Symbol.dispose]()
  })
  return { executor, path }
}
