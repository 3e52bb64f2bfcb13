import { execute, RawClient, type Seen } from '@gorego/conformance/client'
import { MemoryStore, type Outcome, silentLogger, TaskScheduler } from '@gorego/core'
import { blobOf } from '@gorego/core/testing'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { executionService } from '../src/services/execution.js'
import { listen } from '../src/wire/grpc-server.js'
import { dialectOf } from './dialect.js'

test('EX-20: a stream says again and again that it is alive while nothing happens', async () => {
  let finish = (_: Outcome) => {}
  const executor = { slots: 1, execute: () => new Promise<Outcome>((resolve) => (finish = resolve)) }
  const run = { instance: '', action: blobOf('an action').digest, doNotCache: false, timeoutMs: 1000 }
  const scheduler = new TaskScheduler({ executor, lookup: async () => ({ run }) })
  const services = [executionService({ ...dialectOf(), scheduler, cas: new MemoryStore(), keepAliveMs: 20 })]
  const server = await listen({ listenAddr: '127.0.0.1:0', services, logger: silentLogger })
  const client = new RawClient(server.address)
  try {
    const seen: Seen[] = []
    for await (const each of execute(client, run.action)) {
      if (seen.push(each) === 6)
        finish({ cached: false, failure: { code: 'cancelled', message: 'enough', details: [] } })
    }
    const stages = seen.map(({ stage }) => stage)
    assert.ok(stages.filter((stage, n) => stage === stages[n - 1]).length >= 2, stages.join(', '))
    assert.equal(
      seen.map(({ operation }) => operation.getDone()),
      seen.map((_, n) => n === seen.length - 1),
    )
    // Nobody watches any more: nothing holds on to the operation but its name.
    assert.is(scheduler.load.running, 0)
  } finally {
    client[Symbol.dispose]()
    await scheduler.close()
    await server.stop(0)
  }
})

test.run()
