import { test } from 'uvu'
import { actionCacheContract } from '../testing/index.js'
import { MemoryActionCache } from './memory-action-cache.js'

actionCacheContract(test, { name: 'MemoryActionCache', open: () => ({ cache: new MemoryActionCache() }) })

test.run()
