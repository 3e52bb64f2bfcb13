import { execFileSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** Something that commands wait for: a named pipe that nobody has written to yet. For servers on this machine only. */
export class Gate {
  readonly path: string

  /** `directory` must outlive the commands. */
  constructor(directory: string) {
    this.path = join(directory, `gate-${randomUUID()}`)
    execFileSync('mkfifo', [this.path])
  }

  /** For a script: waits here. */
  get wait(): string {
    return `read go < '${this.path}'`
  }

  /** Waits for a command to come, and lets it pass. */
  async open(): Promise<void> {
    await writeFile(this.path, 'go\n')
  }
}
