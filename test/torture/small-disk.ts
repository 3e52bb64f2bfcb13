import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, realpathSync, rmdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onExit } from '@gorego/bench/clean-up'

/** A file system of a few megabytes in memory: what is full in no time and harms nobody. */
export class SmallDisk implements Disposable {
  readonly path: string
  readonly #forget: () => void

  private constructor(path: string) {
    this.path = path
    this.#forget = onExit(() => this.#unmount())
  }

  /** A reason where none can be had: only root may mount. */
  static mount(bytes: number): SmallDisk | { readonly reason: string } {
    if (process.platform !== 'linux') return { reason: 'a small disk is a tmpfs, which only Linux has' }
    if (process.getuid?.() !== 0) return { reason: 'only root can mount a small disk' }
    const path = realpathSync(mkdtempSync(join(tmpdir(), 'gorego-disk-')))
    const { status, stderr } = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${bytes}`, 'gorego', path], {
      encoding: 'utf8',
    })
    if (status === 0) return new SmallDisk(path)
    rmdirSync(path)
    return { reason: `a small disk cannot be mounted here: ${stderr.trim()}` }
  }

  /** Takes so many bytes away from everybody else. */
  fill(bytes: number): void {
    writeFileSync(join(this.path, 'filler'), Buffer.alloc(bytes))
  }

  /** Gives it back. */
  clear(): void {
    rmSync(join(this.path, 'filler'))
  }

  empty(): void {
    for (const name of readdirSync(this.path)) rmSync(join(this.path, name), { recursive: true })
  }

  [Symbol.dispose](): void {
    this.#unmount()
    this.#forget()
  }

  #unmount(): void {
    // Lazily: whoever still has a file open there does not keep us.
    spawnSync('umount', ['-l', this.path])
    rmSync(this.path, { recursive: true, force: true })
  }
}
