// Builds without the bytes on a server whose cache cannot hold all of a build: what Bazel was told is on the server may be
// gone when it comes for it. Then the build fails, for that reason and no other, and succeeds when it is made anew.
import { execFileSync } from 'node:child_process'
import { lstatSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type BazelResult, BazelWorkspace, findBazel } from './bazel-harness.js'
import { type GoregoProcess, startGorego } from './gorego-process.js'

/** Bazel comes back some times within some seconds; the grace is over by then. */
const GRACE_SECONDS = 1

/** Of what one build stores. */
const PART = 0.75

/** Far more than it takes. */
const TRIES = 20

/** Bazel's words for an input that it thought was on the server, and for an upload that was refused. */
const REASONS =
  /No such file or directory|Missing digest|\(MISSING\) blobs\/|errors? during bulk transfer|RESOURCE_EXHAUSTED/

const found = findBazel()
const it = 'reason' in found ? test.skip : test
if ('reason' in found) console.log(`SKIP bazel: ${found.reason}`)

it('a build without the bytes, twice, on a cache that is smaller than the build', async () => {
  const bytes = await withBazel({}, async (gorego, bazel) => {
    assert.is((await bazel.build('build', '--remote_download_minimal', '//...')).exitCode, 0)
    return bytesIn(gorego.dir)
  })
  const env = {
    GOREGO_LOCAL_CACHE_MAX_SIZE_GB: String((bytes * PART) / 1e9),
    GOREGO_LOCAL_CACHE_GRACE_SECONDS: String(GRACE_SECONDS),
  }
  await withBazel(env, async (gorego, bazel) => {
    await untilItSucceeds(bazel, '--remote_download_minimal')
    const towns = join(bazel.dir, 'towns/towns.txt')
    writeFileSync(towns, readFileSync(towns, 'utf8').replace('Nara\n', 'Nara\nOban\n'))
    await untilItSucceeds(bazel, '--remote_download_minimal')
    await untilItSucceeds(bazel)
    assert.match(
      execFileSync(join(bazel.dir, 'bazel-bin/postcard/write'), { encoding: 'utf8' }),
      'Greetings from Oban!',
    )
    assert.ok(bytesIn(gorego.dir) <= bytes * PART * 1.1, `${bytesIn(gorego.dir)} bytes, and one build stores ${bytes}`)
    assert.is(gorego.stderr.includes('ERROR'), false, gorego.stderr)
  })
})

/** Bazel 4 goes on believing that what is gone is there, until its outputs are cleaned. */
async function untilItSucceeds(bazel: BazelWorkspace, ...args: string[]): Promise<void> {
  let result: BazelResult | undefined
  for (let tries = 1; tries <= TRIES; tries++) {
    result = await bazel.build('build', ...args, '//...')
    if (result.exitCode === 0) {
      if (tries > 1) console.log(`bazel ${args.join(' ')}: succeeded at the attempt number ${tries}`)
      return
    }
    assert.match(result.console, REASONS)
    assert.is((await bazel.run('clean')).exitCode, 0)
  }
  assert.unreachable(`the build failed ${TRIES} times:\n${result?.console}`)
}

async function withBazel<T>(
  env: NodeJS.ProcessEnv,
  body: (gorego: GoregoProcess, bazel: BazelWorkspace) => Promise<T>,
): Promise<T> {
  assert.ok('program' in found)
  const gorego = await startGorego([], { env })
  const bazel = new BazelWorkspace(found.program, gorego.address)
  try {
    return await body(gorego, bazel)
  } finally {
    const ended = await Promise.allSettled([bazel.close(), gorego.stop()])
    for (const end of ended) if (end.status === 'rejected') console.log(end.reason)
  }
}

function bytesIn(dir: string): number {
  const inside = (directory: string) => readdirSync(directory).map((name) => join(directory, name))
  const files = inside(join(dir, 'cas')).flatMap(inside).flatMap(inside)
  return files.reduce((bytes, path) => bytes + (lstatSync(path, { throwIfNoEntry: false })?.blocks ?? 0) * 512, 0)
}

test.run()
