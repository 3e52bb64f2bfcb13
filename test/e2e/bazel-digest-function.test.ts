// A real client that hashes with something else than SHA-256, from its inputs to the outputs that it fetches.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { BazelWorkspace, findBazel } from './bazel-harness.js'
import { startGorego } from './gorego-process.js'

const found = findBazel()

if ('reason' in found) {
  console.log(`SKIP bazel: ${found.reason}`)
  test.skip('DIG-09: Bazel with SHA-1', () => {})
} else {
  // Bazel 4 takes a server only if its own function is the first one there.
  const gorego = await startGorego([], { env: { GOREGO_DIGEST_FUNCTIONS: 'sha1,sha256' } })
  const bazel = new BazelWorkspace(found.program, gorego.address, ['--host_jvm_args=-Dbazel.DigestFunction=SHA1'])

  test('DIG-09: Bazel with SHA-1 builds on the server, and finds everything again', async () => {
    const first = await bazel.build('build', '//towns:all')
    assert.is(first.exitCode, 0, first.console)
    assert.ok(first.processes.remote > 0, first.console)
    assert.equal(first.processes.elsewhere, {})
    await bazel.run('clean')
    const second = await bazel.build('build', '//towns:all')
    assert.is(second.exitCode, 0, second.console)
    assert.equal([second.processes.remote, second.processes.remoteCacheHit], [0, first.processes.remote])
    assert.ok(readFileSync(join(bazel.dir, 'bazel-bin/towns/sorted.txt'), 'utf8').startsWith('Aveiro\n'))
    assert.equal(readdirSync(join(gorego.dir, 'cas')), ['sha1'])
  })

  test.after(async () => {
    // Each of the two is to be ended whatever the other one does.
    const ended = await Promise.allSettled([bazel.close(), gorego.stop()])
    for (const end of ended) if (end.status === 'rejected') throw end.reason
  })
}

test.run()
