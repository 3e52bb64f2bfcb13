import { appendFileSync, existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { BLAKE3 } from '../digest/index.js'
import { blobOf } from '../testing/blobs.js'
import { FakeClock } from '../testing/fake-clock.js'
import { temporaryDirectory } from '../testing/temporary-directory.js'
import { decodeJob, encodeJob, type Job } from './job.js'
import { JobJournal } from './job-journal.js'

const onError = (error: unknown) => {
  throw error
}

test('jobs survive as text; a line that is none is no job', async () => {
  await BLAKE3.prepare()
  const { digest } = blobOf('x')
  const jobs: Job[] = [
    { kind: 'blob', digest },
    { kind: 'result', key: { instance: 'a\n"b', action: blobOf('y', BLAKE3).digest } },
  ]
  for (const job of jobs) assert.equal(encodeJob(decodeJob(encodeJob(job)) as Job), encodeJob(job))
  for (const line of ['', '{', '[]', '["blob","sha256","../..",1]', '["blob","md6","00",1]', '["result","sha256"]']) {
    assert.is(decodeJob(line), undefined, line)
  }
})

test('what is done at once is never written; what stays open is there after a crash, in order', async () => {
  using directory = temporaryDirectory()
  const path = join(directory.path, 'below', 'pending')
  const clock = new FakeClock()
  const journal = new JobJournal({ path, clock, onError })
  journal.opened('a')
  journal.done('a')
  clock.advance(1000)
  await journal.flush()
  assert.not(existsSync(path))
  for (const job of ['b', 'c', 'd']) journal.opened(job)
  await journal.flush()
  journal.done('c')
  await journal.flush()
  appendFileSync(path, '+cut sho')
  const next = new JobJournal({ path, clock, onError })
  assert.equal(await next.load(), ['b', 'd'])
  for (const job of ['b', 'd', 'e']) next.opened(job)
  await next.flush()
  assert.is(readFileSync(path, 'utf8'), '+b\n+d\n+e\n', 'the half line is gone')
})

test.run()
