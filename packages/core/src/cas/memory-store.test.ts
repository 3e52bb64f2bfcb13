import { test } from 'uvu'
import { digestFunctions } from '../digest/index.js'
import { casContract } from '../testing/index.js'
import { MemoryStore } from './memory-store.js'

for (const fn of digestFunctions) {
  casContract(test, { name: `MemoryStore, ${fn.name}`, fn, open: () => ({ cas: new MemoryStore() }) })
}

test.run()
