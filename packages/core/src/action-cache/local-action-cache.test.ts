import { deepEqual, equal, rejects } from 'node:assert/strict'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import { digestFunctions } from '../digest/index.js'
import { StoreLayout } from '../disk/index.js'
import { actionCacheContract, blobOf, temporaryDirectory } from '../testing/index.js'
import { LocalActionCache } from './local-action-cache.js'

function open(root: string): { cache: LocalActionCache; layout: StoreLayout; temporary: string } {
  const layout = new StoreLayout(root)
  const temporary = join(root, 'temporary')
  mkdirSync(temporary, { recursive: true })
  return { cache: new LocalActionCache(layout, temporary), layout, temporary }
}

for (const fn of digestFunctions) {
  actionCacheContract(test, {
    name: `LocalActionCache, ${fn.name}`,
    fn,
    open() {
      const directory = temporaryDirectory()
      const { cache, temporary } = open(directory.path)
      return {
        cache,
        close() {
          deepEqual(readdirSync(temporary), [])
          directory[Symbol.dispose]()
        },
      }
    },
  })
}

const key = { instance: 'main', action: blobOf('action').digest }
const result = Buffer.from('what came of it')

test('results are still there when the cache is opened again', async () => {
  using directory = temporaryDirectory()
  await open(directory.path).cache.put(key, result)
  deepEqual(await open(directory.path).cache.get(key), result)
})

test('AC-14, AC-15: a file that is cut short anywhere, garbled anywhere or empty is a miss, until the next put', async () => {
  using directory = temporaryDirectory()
  const { cache, layout } = open(directory.path)
  await cache.put(key, result)
  const path = layout.actionResult(key.instance, key.action)
  const whole = readFileSync(path)
  for (let length = 0; length < whole.length; length++) {
    writeFileSync(path, whole.subarray(0, length))
    equal(await cache.get(key), undefined, `${length} bytes`)
  }
  for (let at = 0; at < whole.length; at++) {
    const garbled = Buffer.from(whole)
    garbled[at] = (garbled[at] ?? 0) ^ 0x10
    writeFileSync(path, garbled)
    equal(await cache.get(key), undefined, `byte ${at}`)
  }
  for (const content of [Buffer.concat([whole, Buffer.of(0)]), Buffer.alloc(whole.length), Buffer.alloc(16)]) {
    writeFileSync(path, content)
    equal(await cache.get(key), undefined)
  }
  await cache.put(key, result)
  deepEqual(await cache.get(key), result)
})

test('GEN-07: nothing is left of a put that fails', async () => {
  using directory = temporaryDirectory()
  const { cache, layout, temporary } = open(directory.path)
  mkdirSync(layout.actionResult(key.instance, key.action), { recursive: true })
  await rejects(cache.put(key, result), { code: 'EISDIR' })
  deepEqual(readdirSync(temporary), [])
})

test.run()
