// Every function against what its authors published: nothing, "abc", a million times "a" (NIST, RFC 1321), and for BLAKE3
// the patterns of its own test vectors, which cross the borders of blocks, chunks and subtrees.
import { equal } from 'node:assert/strict'
import { test } from 'uvu'
import type { DigestFunction } from './digest-function.js'
import { digestFunctions } from './digest-functions.js'

const A_MILLION = Buffer.alloc(1_000_000, 'a')

const published: Record<DigestFunction['name'], readonly (readonly [content: Uint8Array, hash: string])[]> = {
  sha256: [
    [Buffer.from(''), 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
    [Buffer.from('abc'), 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
    [A_MILLION, 'cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0'],
  ],
  sha384: [
    [
      Buffer.from(''),
      '38b060a751ac96384cd9327eb1b1e36a21fdb71114be07434c0cc7bf63f6e1da274edebfe76f65fbd51ad2f14898b95b',
    ],
    [
      Buffer.from('abc'),
      'cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7',
    ],
    [A_MILLION, '9d0e1809716474cb086e834e310a4a1ced149e9c00f248527972cec5704c2a5b07b8b3dc38ecc4ebae97ddd87f3d8985'],
  ],
  sha512: [
    [
      Buffer.from(''),
      'cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e',
    ],
    [
      Buffer.from('abc'),
      'ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f',
    ],
    [
      A_MILLION,
      'e718483d0ce769644e2e42c7bc15b4638e1f98b13b2044285632a803afa973ebde0ff244877ea60a4cb0432ce577c31beb009c5c2c49aa2e4eadb217ad8cc09b',
    ],
  ],
  sha1: [
    [Buffer.from(''), 'da39a3ee5e6b4b0d3255bfef95601890afd80709'],
    [Buffer.from('abc'), 'a9993e364706816aba3e25717850c26c9cd0d89d'],
    [A_MILLION, '34aa973cd4c4daa4f61eeb2bdbad27316534016f'],
  ],
  md5: [
    [Buffer.from(''), 'd41d8cd98f00b204e9800998ecf8427e'],
    [Buffer.from('abc'), '900150983cd24fb0d6963f7d28e17f72'],
    [A_MILLION, '7707d6ae4e027c70eea2a935c2296f21'],
  ],
  blake3: [
    [Buffer.from('abc'), '6437b3ac38465133ffb63b75273a8db548c558465d79db03fd359c6cd5bd9d85'],
    [pattern(0), 'af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262'],
    [pattern(1), '2d3adedff11b61f14c886e35afa036736dcd87a74d27b5c1510225d0f592e213'],
    [pattern(1023), '10108970eeda3eb932baac1428c7a2163b0e924c9a9e25b35bba72b28f70bd11'],
    [pattern(1024), '42214739f095a406f3fc83deb889744ac00df831c10daa55189b5d121c855af7'],
    [pattern(1025), 'd00278ae47eb27b34faecf67b4fe263f82d5412916c1ffd97c8cb7fb814b8444'],
    [pattern(2048), 'e776b6028c7cd22a4d0ba182a8bf62205d2ef576467e838ed6f2529b85fba24a'],
    [pattern(2049), '5f4d72f40d7a5f82b15ca2b2e44b1de3c2ef86c426c95c1af0b6879522563030'],
    [pattern(3073), '7124b49501012f81cc7f11ca069ec9226cecb8a2c850cfe644e327d22d3e1cd3'],
    [pattern(7169), 'a003fc7a51754a9b3c7fae0367ab3d782dccf28855a03d435f8cfe74605e7817'],
    [pattern(102_400), 'bc3e3d41a1146b069abffad3c0d44860cf664390afce4d9661f7902e7943e085'],
  ],
}

/** 0, 1, 2, … 250, 0, 1, … */
function pattern(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, n) => n % 251)
}

for (const fn of digestFunctions) {
  test(`${fn.name} is what was published, however the content is cut`, async () => {
    await fn.prepare()
    for (const [content, hash] of published[fn.name]) {
      equal(hash.length, fn.hashLength)
      equal(fn.hash(content), hash, `${content.length} bytes at once`)
      for (const size of [content.length || 1, 1021, 65_536]) {
        const hasher = fn.createHasher()
        for (let at = 0; at < content.length; at += size) hasher.update(content.subarray(at, at + size))
        equal(hasher.digest(), hash, `${content.length} bytes, ${size} at a time`)
      }
    }
  })

  test(`${fn.name}: hashes under way at the same time do not disturb each other`, async () => {
    await fn.prepare()
    const hasherOf = (text: string) => ({ text, hasher: fn.createHasher() })
    const all = [...'abcdefgh'].map((letter) => hasherOf(letter.repeat(3000)))
    const abandoned = fn.createHasher()
    for (let at = 0; at < 3000; at += 100) {
      for (const { text, hasher } of all) hasher.update(Buffer.from(text.slice(at, at + 100)))
      abandoned.update(Buffer.from('x'))
    }
    for (const { text, hasher } of all) {
      const alone = fn.createHasher()
      alone.update(Buffer.from(text))
      equal(hasher.digest(), alone.digest())
    }
  })
}

test.run()
