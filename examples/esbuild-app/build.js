// A build tool for pages with scripts in TypeScript: checks types, bundles, and does again only what has changed.
//
//   node build.js [--watch] [--src src] [--out out] [--cache .cache/gorego] [--remote grpc://cache:50051]
import { parseArgs } from 'node:util'
import { LocalExecutor } from '@gorego/core'
import { watchBelow } from './changes.js'
import { pageGraph } from './page-graph.js'

const { values } = parseArgs({
  options: {
    watch: { type: 'boolean', default: false },
    src: { type: 'string', default: 'src' },
    out: { type: 'string', default: 'out' },
    cache: { type: 'string', default: '.cache/gorego' },
    remote: { type: 'string' },
  },
})

const stop = new AbortController()
for (const name of ['SIGINT', 'SIGTERM']) process.once(name, () => stop.abort())

const executor = await LocalExecutor.open({ root: values.cache, ...(values.remote && { remote: await shared() }) })
try {
  for (;;) {
    // Before anything is read: what changes during a build means another one.
    const nextChange = values.watch ? await watchBelow(values.src, stop.signal) : undefined
    process.exitCode = (await build()) ? 0 : 1
    if (nextChange === undefined || !(await nextChange())) break
  }
} finally {
  await executor.close()
}
// Stopped while it waited for a change, it has done what it was to do.
if (values.watch && stop.signal.aborted) process.exitCode = 0

async function build() {
  try {
    // A page that cannot be built says nothing about the others.
    const { graph, results } = await pageGraph(executor, values.src, { keepGoing: true })
    const { ok, nodes, counts } = await graph.run({ signal: stop.signal })
    for (const [name, { state, error }] of nodes) console.log(state.padEnd(7), error?.message ?? name)
    for (const page of results) await nodes.get(page).result?.materialize(values.out)
    console.log(`${counts.done} ran, ${counts.cached} cached, ${counts.failed} failed`)
    return ok
  } catch (error) {
    if (!stop.signal.aborted) console.error(error.message)
    return false
  }
}

/** What a colleague or CI has built is not built again: any REAPI cache, such as `gorego start` on a machine of the office. */
async function shared() {
  const { remoteCache } = await import('@gorego/server')
  return remoteCache(values.remote, {
    onChange: (used, why) =>
      console.error(used ? 'the shared cache is back' : `without the shared cache: ${why?.message}`),
  })
}
