import { deepEqual, equal, match, ok, rejects, throws } from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { test } from 'uvu'
import type { GoregoError } from '../errors/index.js'
import { BLAKE3 } from './blake3.js'
import type { DigestFunctionName } from './digest-function.js'
import { DigestFunctionSet } from './digest-function-set.js'
import { digestFunctionNamed, digestFunctions, loadDigestFunction } from './digest-functions.js'
import { MD5, SHA1, SHA256, SHA384, SHA512 } from './openssl-functions.js'

const all = new DigestFunctionSet(digestFunctions)

test('every function is found by its name and by its number in the protocol', () => {
  const numbers = { sha256: 1, sha1: 2, md5: 3, sha384: 5, sha512: 6, blake3: 9 }
  for (const fn of digestFunctions) {
    equal(fn.value, numbers[fn.name])
    equal(digestFunctionNamed(fn.name), fn)
    equal(all.named(fn.name), fn)
    equal(all.ofValue(fn.value), fn)
  }
  for (const name of ['', 'SHA256', 'md4', 'vso', 'murmur3', '__proto__', 'constructor']) {
    equal(digestFunctionNamed(name), undefined)
    equal(all.named(name), undefined)
  }
  for (const value of [0, -1, 4, 7, 99]) equal(all.ofValue(value), undefined)
})

test('DIG-04: a hash is known by its length', () => {
  deepEqual(
    [32, 40, 64, 96, 128].map((length) => all.ofLength(length)),
    [MD5, SHA1, SHA256, SHA384, SHA512],
  )
  for (const length of [0, 31, 63, 65, 127, 256]) equal(all.ofLength(length), undefined)
})

test('DIG-04: only among the functions that are offered', () => {
  equal(new DigestFunctionSet([SHA256]).ofLength(40), undefined)
})

test('DIG-05: BLAKE3 is never meant by a hash alone, not even where it is the only one', () => {
  equal(new DigestFunctionSet([BLAKE3, SHA256]).ofLength(64), SHA256)
  equal(new DigestFunctionSet([BLAKE3]).ofLength(64), undefined)
})

test('CP-02: the first is the preferred one, and there is one', () => {
  equal(all.preferred, SHA256)
  equal(new DigestFunctionSet([SHA512, SHA256]).preferred, SHA512)
  equal(new DigestFunctionSet([SHA512, SHA256]).names, 'sha512, sha256')
  throws(() => new DigestFunctionSet([]).preferred, /one digest function or more/)
})

test('a set is loaded by names, in their order; by default it is everything that can be computed here', async () => {
  deepEqual([...(await DigestFunctionSet.load(['blake3', 'sha256']))], [BLAKE3, SHA256])
  deepEqual([...(await DigestFunctionSet.load())], digestFunctions)
  await rejects(DigestFunctionSet.load(['sha256', 'sha3' as DigestFunctionName]), refused)
})

test('an unknown name is refused with those that are known', async () => {
  equal(await loadDigestFunction('blake3'), BLAKE3)
  for (const name of ['sha3', 'SHA256', '', '__proto__']) {
    await rejects(loadDigestFunction(name as DigestFunctionName), refused)
  }
})

function refused(error: GoregoError): boolean {
  match(error.message, /known are sha256, blake3, sha384, sha512, sha1, md5$/)
  return error.code === 'invalid-argument'
}

test('a hasher is used once', async () => {
  for (const fn of digestFunctions) {
    await fn.prepare()
    const hasher = fn.createHasher()
    hasher.digest()
    throws(() => hasher.update(Buffer.from('more')))
    throws(() => hasher.digest())
  }
})

/** What a program prints that starts afresh, with these arguments for Node. */
function fresh(program: string, args: readonly string[] = []): string {
  const index = new URL('./index.ts', import.meta.url)
  const source = `import * as digest from ${JSON.stringify(index)}; ${program}`
  const all = [...process.execArgv, ...args, '--input-type=module', '--eval', source]
  return execFileSync(process.execPath, all, { encoding: 'utf8' })
}

test('BLAKE3 that nobody has prepared says what to do', () => {
  const program =
    'try { digest.Digest.ofBytes(digest.BLAKE3, Buffer.from("abc")) } catch (error) { console.log(error.message) }'
  match(fresh(program), /await BLAKE3\.prepare\(\) first/)
})

test('where hash-wasm is not installed, BLAKE3 is not offered, and asking for it says what to install', () => {
  const hooks = `export const resolve = (specifier, context, next) => {
    if (specifier.startsWith('hash-wasm')) throw Object.assign(new Error('Cannot find package'), { code: 'ERR_MODULE_NOT_FOUND' })
    return next(specifier, context)
  }`
  const register = `import { register } from 'node:module'; register(${JSON.stringify(dataUrl(hooks))})`
  const program = `
    console.log((await digest.DigestFunctionSet.load()).names)
    await digest.DigestFunctionSet.load(['sha256', 'blake3']).catch((error) => console.log(error.code, error.message))`
  const [names = '', refusal = ''] = fresh(program, ['--import', dataUrl(register)]).split('\n')
  equal(names, 'sha256, sha384, sha512, sha1, md5')
  ok(refusal.startsWith('failed-precondition ') && refusal.includes('npm install hash-wasm'), refusal)
})

function dataUrl(program: string): string {
  return `data:text/javascript,${encodeURIComponent(program)}`
}

test.run()
