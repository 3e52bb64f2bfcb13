/**
 * Imported into a server under test as `heap-probe.mjs?to=PATH`: at SIGUSR2 it collects garbage and writes down what memory is
 * left in use.
 */
import { renameSync, writeFileSync } from 'node:fs'

const path = new URL(import.meta.url).searchParams.get('to') ?? 'heap.json'

process.on('SIGUSR2', () => {
  globalThis.gc?.()
  writeFileSync(`${path}.new`, JSON.stringify(process.memoryUsage()))
  renameSync(`${path}.new`, path)
})
