import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Digest, SHA256 } from './digest/index.js'
import { content, file } from './embed/inputs.js'
import { GraphError, type GraphNode, type GraphOptions } from './graph/index.js'
import { LocalExecutor } from './local-executor.js'
import { executorFor } from './testing/executor-for.js'
import { isRunning } from './testing/is-running.js'
import { until } from './testing/until.js'

const env = { PATH: '/usr/bin:/bin' }
const sh = (script: string) => ({ argv: ['/bin/sh', '-c', script], env })
const { executor, path } = await executorFor(test)

/** Strips comments, counts words, reports: the second step makes the same of what has other comments. */
function build(options: GraphOptions = {}) {
  const graph = executor.graph(options)
  const stripped = graph.add('strip', {
    ...sh('grep -v "^#" source > stripped || true'),
    inputs: { source: file(path('source')) },
    outputs: ['stripped'],
  })
  const counted = graph.add('count', {
    ...sh('wc -w < stripped > count'),
    inputs: { stripped: stripped.output('stripped') },
    outputs: ['count'],
  })
  graph.add('report', { ...sh('cat count'), inputs: { count: counted.output('count') } })
  return graph
}

test('early cut-off: a node that ran and made the same as before does not run those that take it', async () => {
  const states = async () => [...(await build().run()).nodes.values()].map(({ state }) => state)
  writeFileSync(path('source'), '# one comment\na b c\n')
  assert.equal(await states(), ['done', 'done', 'done'])
  assert.equal(await states(), ['cached', 'cached', 'cached'])
  writeFileSync(path('source'), '# another comment\na b c\n')
  assert.equal(await states(), ['done', 'cached', 'cached'])
  writeFileSync(path('source'), '# another comment\na b d\n')
  assert.equal(await states(), ['done', 'done', 'cached'])
})

test('files, executable ones, symbolic links and directories pass from node to node', async () => {
  const graph = executor.graph()
  const made = graph.add('make', {
    ...sh('mkdir -p d/e; echo deep > d/e/f; echo "echo tool ran" > tool; chmod +x tool; ln -s d/e/f link'),
    outputs: ['d', 'tool', 'link'],
  })
  graph.add('use', {
    ...sh('./tool; cat link; ls d/e other/e'),
    inputs: { d: made.output('d'), other: made.output('d'), tool: made.output('tool'), link: made.output('link') },
  })
  const use = (await graph.run()).nodes.get('use')
  assert.ok(use?.state === 'done')
  assert.is(use.result.stdout, 'tool ran\ndeep\nd/e:\nf\n\nother/e:\nf\n')
})

test('nothing can be put into a directory that another node makes', async () => {
  const graph = executor.graph()
  const made = graph.add('make', { ...sh('mkdir d'), outputs: ['d'] })
  graph.add('use', { ...sh('true'), inputs: { d: made.output('d'), 'd/more': content('') } })
  const error = await graph.run().catch((thrown) => thrown)
  assert.instance(error, GraphError)
  assert.match(error.message, 'collides')
})

test('a failure ends the commands that run beside it', async () => {
  const graph = executor.graph()
  graph.add('slow', sh(`echo $$ > ${path('pid')}; exec sleep 600`))
  graph.add('bad', sh(`until [ -s ${path('pid')} ]; do sleep 0.01; done; echo broken >&2; exit 3`))
  const error = await graph.run().catch((thrown) => thrown)
  assert.instance(error, GraphError)
  assert.equal([error.node, error.message], ['bad', '"bad" failed with exit code 3: broken'])
  assert.ok(existsSync(path('pid')))
  const pid = Number(readFileSync(path('pid'), 'utf8'))
  await until('the end of the other command', () => !isRunning(pid))
})

/** Files, and one in a directory, that another action takes. */
function madeAndUsed(of: LocalExecutor, options: GraphOptions = {}) {
  const graph = of.graph(options)
  const big = graph.add('make', {
    ...sh(`mkdir -p d/e; head -c 400000 /dev/zero | tee big | tr '\\0' x > d/e/f; echo small > small`),
    outputs: ['d', 'big', 'small'],
  })
  const inputs = { d: big.output('d'), big: big.output('big'), small: big.output('small') }
  graph.add('use', { ...sh('cat d/e/f big small | wc -c'), inputs })
  return { graph, use: async () => (await graph.run()).nodes.get('use') }
}

test('outputs that are deleted from the disk before they are taken are made again', async () => {
  for (const lost of ['big', 'd/e/f', 'small', 'tree']) {
    const root = path(`deleted ${lost.replaceAll('/', ' ')}`)
    await using own = await LocalExecutor.open({ root, concurrency: 2 })
    const { use } = madeAndUsed(own, {
      onEvent({ node, outcome }) {
        if (node !== 'make' || outcome === undefined || !('result' in outcome) || ran.length > 0) return
        ran.push(outcome.state)
        const output = outcome.result.outputs.get(lost === 'd/e/f' || lost === 'tree' ? 'd' : lost)
        const digest =
          lost === 'd/e/f'
            ? Digest.ofBytes(SHA256, Buffer.alloc(400_000, 'x'))
            : output?.kind === 'file'
              ? output.digest
              : output?.kind === 'directory' && output.tree
        assert.ok(digest)
        rmSync(own.localStore.layout.blob(digest as Digest))
      },
    })
    const ran: string[] = []
    const outcome = await use()
    assert.ok(outcome?.state === 'done', outcome?.state)
    assert.equal([ran, outcome.result.stdout.trim()], [['done'], '800006'], lost)
  }
})

test('outputs that are evicted before they are taken are made again, and the graph comes to its end', async () => {
  await using own = await LocalExecutor.open({ root: path('small'), concurrency: 1, maxBytes: 1_500_000, graceMs: 0 })
  const ends: string[] = []
  const graph = own.graph({ concurrency: 1, onEvent: ({ node, outcome }) => outcome && ends.push(node) })
  const outs = ['a', 'b', 'c', 'd'].map((name) =>
    graph.add(name, {
      ...sh(`head -c 600000 /dev/zero | tr '\\0' ${name} > big; echo ${name} > small`),
      outputs: ['big', 'small'],
    }),
  )
  // Behind all the others, and needs what was made first.
  const inputs = Object.fromEntries(outs.map((node, n) => [`small-${n}`, node.output('small')]))
  graph.add('use', { ...sh('wc -c < big'), inputs: { ...inputs, big: (outs[0] as GraphNode<'big'>).output('big') } })
  const { nodes } = await graph.run()
  const use = nodes.get('use')
  assert.ok(use?.state === 'done', use?.state)
  assert.is(use.result.stdout.trim(), '600000')
  assert.equal(
    [ends.slice(0, 4), ends.slice(4).includes('a'), ends.at(-1)],
    [['a', 'b', 'c', 'd'], true, 'use'],
    ends.join(),
  )
})

test.run()
