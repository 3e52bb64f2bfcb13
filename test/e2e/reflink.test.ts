// On a file system that can share blocks, outputs are files of their own that take no room. Needs root, Btrfs and a loop device.
import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, statfsSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { LocalExecutor } from '@gorego/core'
import { temporaryDirectory } from '@gorego/core/testing'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { debianProgram } from '../setup/debian-program.js'

const IMAGE_BYTES = 128 * 1024 * 1024
const OUTPUT_BYTES = 16 * 1024 * 1024

const space = temporaryDirectory()
const mounted = mountBtrfs()
if ('reason' in mounted) console.log(`SKIP Btrfs: ${mounted.reason}`)
test.after(() => {
  if ('path' in mounted) assert.is(spawnSync('umount', [mounted.path]).status, 0)
  space[Symbol.dispose]()
})

function mountBtrfs(): { readonly path: string } | { readonly reason: string } {
  if (process.getuid?.() !== 0) return { reason: 'only root can mount' }
  const mkfs = debianProgram('mkfs.btrfs', 'btrfs-progs')
  if ('reason' in mkfs) return mkfs
  const [image, path] = [join(space.path, 'image'), join(space.path, 'mounted')]
  writeFileSync(image, '')
  truncateSync(image, IMAGE_BYTES)
  mkdirSync(path)
  for (const [program, ...args] of [
    [mkfs.program, '-q', image],
    ['mount', '-o', 'loop', image, path],
  ] as const) {
    const { status, error, stderr } = spawnSync(program, args, { encoding: 'utf8' })
    if (status !== 0) return { reason: `${program}: ${error?.message ?? stderr.trim()}` }
  }
  return { path }
}

function usedBytes(path: string): number {
  spawnSync('sync', ['-f', path])
  const { blocks, bfree, bsize } = statfsSync(path)
  return (blocks - bfree) * bsize
}

const withBtrfs = 'reason' in mounted ? test.skip : test

withBtrfs('an output that is materialized shares its blocks with the store, and can be edited', async () => {
  if ('reason' in mounted) return
  await using executor = await LocalExecutor.open({ root: join(mounted.path, 'root') })
  const result = await executor.run({
    argv: ['/bin/sh', '-c', `head -c ${OUTPUT_BYTES} /dev/urandom > big; cp big tool; chmod +x tool`],
    env: { PATH: '/usr/bin:/bin' },
    outputs: ['big', 'tool'],
  })
  const out = join(mounted.path, 'out')
  const before = usedBytes(mounted.path)
  assert.equal(await result.materialize(out), { linked: 0, cloned: 2, copied: 0 })
  assert.ok(usedBytes(mounted.path) - before < OUTPUT_BYTES / 2, 'clones take next to no room')
  assert.is(statSync(join(out, 'tool')).mode & 0o111, 0o111 & ~process.umask())
  const big = readFileSync(join(out, 'big'))
  writeFileSync(join(out, 'big'), 'edited')
  assert.equal(await result.materialize(join(mounted.path, 'again'), { link: 'hardlink' }), {
    linked: 2,
    cloned: 0,
    copied: 0,
  })
  assert.ok(readFileSync(join(mounted.path, 'again/big')).equals(big))
  assert.equal(await result.materialize(join(space.path, 'elsewhere')), { linked: 0, cloned: 0, copied: 2 })
})

test.run()
