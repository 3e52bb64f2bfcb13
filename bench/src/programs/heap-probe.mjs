/**
 * Imported into a server under test as `heap-probe.mjs?to=PATH`: at SIGUSR2 it collects garbage and writes down what memory is
 * left in use.
 */
import { renameSync, writeFileSync } from 'node:fs'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

const path = new URL(import.meta.url).searchParams.get('to') ?? 'heap.json'

// Not as a flag of the process: NODE_OPTIONS may not have this one.
setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc')

process.on('SIGUSR2', () => {
  collectGarbage()
  writeFileSync(`${path}.new`, JSON.stringify(process.memoryUsage()))
  renameSync(`${path}.new`, path)
})
