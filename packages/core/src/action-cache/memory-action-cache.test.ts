import { test } from 'uvu'
import { digestFunctions } from '../digest/index.js'
import { actionCacheContract } from '../testing/index.js'
import { MemoryActionCache } from './memory-action-cache.js'

for (const fn of digestFunctions) {
  const open = () => ({ cache: new MemoryActionCache() })
  actionCacheContract(test, { name: `MemoryActionCache, ${fn.name}`, fn, open })
}

test.run()
