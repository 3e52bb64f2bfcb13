import { test } from 'uvu'
import { casContract } from '../testing/index.js'
import { MemoryStore } from './memory-store.js'

casContract(test, { name: 'MemoryStore', open: () => ({ cas: new MemoryStore() }) })

test.run()
