// How long an action takes whose result is cached, with so many input files: the first time, the second, and in a new process's place.
//
//     node --conditions=gorego-source --import tsx bench/src/programs/known-inputs.ts [files]
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { setTimeout as pause } from 'node:timers/promises'
import { directory, LocalExecutor } from '@gorego/core'

const files = Number(process.argv[2] ?? 10_000)
const work = mkdtempSync(join(tmpdir(), 'gorego-known-inputs-'))
try {
  for (let n = 0; n < files; n++) {
    const folder = join(work, 'src', String(n % 100))
    if (n < 100) mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, `${n}.txt`), `${n} `.repeat(500))
  }
  // Files that changed just now are not trusted.
  await pause(2_500)
  for (const process of ['first', 'second']) {
    await using executor = await LocalExecutor.open({ root: join(work, 'root'), concurrency: 1 })
    for (const run of ['first', 'second', 'third']) {
      const began = performance.now()
      const { cached } = await executor.run({ argv: ['/bin/true'], inputs: { src: directory(join(work, 'src')) } })
      console.log(
        `${process} process, ${run} run: ${Math.round(performance.now() - began)} ms, ${cached ? 'cached' : 'ran'}`,
      )
    }
  }
} finally {
  rmSync(work, { recursive: true })
}
