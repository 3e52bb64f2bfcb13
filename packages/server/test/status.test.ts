// The status page's server side: what it is told, how it looks at an operation, and who may see it.
import { request } from 'node:http'
import {
  execute,
  failure,
  Gate,
  getResult,
  lastOf,
  read,
  sayingFor,
  shell,
  store,
  until,
  uploadAction,
} from '@gorego/conformance/client'
import { type Digest, reapi } from '@gorego/core'
import { type ActionMessages, blobOf, temporaryDirectory } from '@gorego/core/testing'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { ListedEntry } from '../src/status/directory-listing.js'
import type { OperationDetail } from '../src/status/operation-detail.js'
import type { StatusSnapshot } from '../src/status/snapshot.js'
import { StatusFeed } from '../src/status/status-feed.js'
import { type RigOptions, ServerRig } from './server-rig.js'

const { EXECUTING, QUEUED } = reapi.ExecutionStage.Value

const gates = temporaryDirectory()
test.after(() => gates[Symbol.dispose]())

const startRig = (options: RigOptions = {}) => ServerRig.start({ http: { listenAddr: '127.0.0.1:0' }, ...options })

const ask = (rig: ServerRig, path: string, init?: RequestInit) => fetch(`http://${rig.server.httpAddress}${path}`, init)

async function json<T>(rig: ServerRig, path: string): Promise<T> {
  const response = await ask(rig, path)
  const text = await response.text()
  assert.is(response.status, 200, text)
  return JSON.parse(text) as T
}

const said = (target: string) => ({ metadata: sayingFor({ target, mnemonic: 'Genrule' }) })

async function ran(rig: ServerRig, script: string, messages: ActionMessages = {}, target = '//a:b') {
  const action = await uploadAction(rig.client, shell(script, messages))
  return { action, ...(await lastOf(execute(rig.client, action.digest, said(target)))) }
}

const pathOf = ({ fn, hash, sizeBytes }: Digest) => `${fn.name}-${hash}-${sizeBytes}`

/** The events of a stream, parsed. */
async function* events(rig: ServerRig, signal: AbortSignal): AsyncGenerator<StatusSnapshot> {
  const { body, headers } = await ask(rig, '/events', { signal })
  assert.match(headers.get('content-type') ?? '', /^text\/event-stream/)
  let text = ''
  for await (const chunk of body ?? []) {
    text += Buffer.from(chunk as Uint8Array).toString()
    for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
      const event = text.slice(0, end)
      text = text.slice(end + 2)
      if (event.startsWith('data: ')) yield JSON.parse(event.slice(6))
    }
  }
}

for (const frontEnds of [1, 2]) {
  test(`what runs, waits, ended and failed, with front_ends: ${frontEnds}`, async () => {
    await using rig = await startRig({ frontEnds })
    await ran(rig, 'echo ok')
    const ok = await ran(rig, 'echo ok')
    const failed = await ran(rig, 'echo "it <b>broke</b>" >&2; exit 3', {}, '//bad:one')
    const gate = new Gate(gates.path)
    const slow = await uploadAction(rig.client, shell(gate.wait))
    const running = execute(rig.client, slow.digest, said('//slow:one'))
    const { name } = await until(running, EXECUTING)
    const waiting = execute(rig.client, (await uploadAction(rig.client, shell('true'))).digest, said('//late:one'))
    await until(waiting, QUEUED)

    await getResult(rig.client, ok.action.digest)
    await failure(getResult(rig.client, failed.action.digest))
    await read(rig.client, ok.action.digest)
    await failure(read(rig.client, blobOf('absent').digest))
    const { execution, cache, disk } = await json<StatusSnapshot>(rig, '/api/status')
    assert.ok(execution)
    assert.equal([execution.slots, execution.busy, execution.waiting], [1, 1, 1])
    assert.equal([execution.total, execution.cached, execution.failed], [3, 1, 1])
    const [active] = execution.running
    assert.equal(
      [active?.name, active?.target, active?.mnemonic, active?.action],
      [name, '//slow:one', 'Genrule', String(slow.digest)],
    )
    assert.ok(Math.abs(Date.now() - (active?.since ?? 0)) < 600_000)
    assert.is(execution.queued[0]?.target, '//late:one')
    assert.equal(
      execution.recent.map(({ target, outcome, cached }) => [target, outcome, cached]),
      [
        ['//bad:one', 'exit 3', false],
        ['//a:b', 'ok', true],
        ['//a:b', 'ok', false],
      ],
    )
    assert.equal(
      execution.failures.map(({ name: failure, stderr }) => [failure, stderr]),
      [[failed.name, 'it <b>broke</b>\n']],
    )
    assert.equal(cache.results, { hits: 1, misses: 1 })
    assert.equal([cache.blobs.hits > 0, cache.blobs.misses], [true, 1])
    assert.is(disk.maxBytes, 1e9)
    assert.ok(disk.blobs > 0 && disk.bytes > 0 && (disk.freeBytes ?? 0) > 0)
    await gate.open()
    await lastOf(running)
    await lastOf(waiting)
  })
}

test('who watches is told when something changes', async () => {
  await using rig = await startRig()
  const leave = new AbortController()
  const stream = events(rig, leave.signal)
  const { value: first } = await stream.next()
  assert.is(first?.execution?.total, 0)
  await ran(rig, 'echo one')
  for await (const { execution } of stream) if (execution?.total === 1 && execution.busy === 0) break
  leave.abort()
})

test('a server that stops does not wait for those who watch', async () => {
  const rig = await startRig()
  const stream = events(rig, new AbortController().signal)
  await stream.next()
  await rig.stop()
  assert.is(
    await stream.next().then(
      ({ done }) => done,
      () => true,
    ),
    true,
  )
})

test('everything of an operation', async () => {
  await using rig = await startRig()
  const inputs = { 'in.txt': 'input', dir: { directory: { 'x<y>.h': 'x' } }, link: { symlink: 'in.txt' } }
  const script = 'mkdir d; cat in.txt > out.txt; echo deep > d/f; echo said; echo "wrong" >&2'
  const { action, name } = await ran(rig, script, {
    inputs,
    env: [
      ['PATH', '/usr/bin:/bin'],
      ['SECRET', '<script>'],
    ],
    outputPaths: ['out.txt', 'd', 'absent'],
    platform: [['OSFamily', 'linux']],
    timeoutMs: 9000,
  })
  const detail = await json<OperationDetail & Record<string, unknown>>(rig, `/api/operations/${name}`)
  assert.equal(
    [detail.name, detail.stage, detail.cached, detail.exitCode, detail.labels],
    [name, 'completed', false, 0, { mnemonic: 'Genrule', target: '//a:b' }],
  )
  assert.equal(detail.command, {
    arguments: ['/bin/sh', '-c', script],
    variables: [
      ['PATH', '/usr/bin:/bin'],
      ['SECRET', '<script>'],
    ],
    workingDirectory: '',
    outputs: ['out.txt', 'd', 'absent'],
    platform: [['OSFamily', 'linux']],
    timeoutSeconds: 9,
    doNotCache: false,
  })
  assert.equal([detail.stdout?.text, detail.stderr?.text], ['said\n', 'wrong\n'])
  assert.equal(Object.keys(detail.periods as object), ['stage', 'run', 'collect'])
  const outputs = detail.outputs as { path: string; kind: string; digest: string }[]
  assert.equal(
    outputs.map(({ path, kind }) => [path, kind]),
    [
      ['out.txt', 'file'],
      ['d', 'tree'],
    ],
  )
  assert.is(detail.inputRoot, pathOf(action.inputRootDigest))
  const root = await json<{ entries: ListedEntry[] }>(rig, `/api/directories/${detail.inputRoot}`)
  assert.equal(
    root.entries.map(({ name: entry, kind, target }) => [entry, kind, target]),
    [
      ['dir', 'directory', undefined],
      ['in.txt', 'file', undefined],
      ['link', 'symlink', 'in.txt'],
    ],
  )
  const [dir] = root.entries
  const below = await json<{ entries: ListedEntry[] }>(rig, `/api/directories/${dir?.digest}`)
  assert.equal(
    below.entries.map((entry) => entry.name),
    ['x<y>.h'],
  )
  const blob = await ask(rig, `/blobs/${outputs[0]?.digest}/out.txt`)
  assert.is(await blob.text(), 'input')
  assert.is(blob.headers.get('content-disposition'), 'attachment')
  assert.match(blob.headers.get('content-security-policy') ?? '', /sandbox/)
})

test('why an operation is not the one before', async () => {
  await using rig = await startRig()
  await ran(rig, 'true', { inputs: { f: 'one' } })
  const { name } = await ran(rig, 'true', { inputs: { f: 'two' } })
  const why = await json<{ comparison: { differences: { kind: string; subject: string }[] } }>(
    rig,
    `/api/operations/${name}/why`,
  )
  assert.equal(
    why.comparison.differences.map(({ kind, subject }) => [kind, subject]),
    [['input', 'f']],
  )
})

test('what there is not is told in words', async () => {
  await using rig = await startRig()
  const none = '00000000-0000-0000-0000-000000000000'
  const absent = pathOf(blobOf('absent').digest)
  for (const [path, status, words] of [
    [`/api/operations/${none}`, 404, /there is no operation/],
    [`/api/directories/${absent}`, 404, /./],
    [`/blobs/${absent}`, 404, /./],
    ['/api/directories/sha256-00-1', 400, /./],
    ['/api/directories/blake7-00-1', 400, /is no digest/],
    ['/operations/../../etc/passwd', 404, /nothing is served here/],
  ] as const) {
    const response = await ask(rig, path)
    assert.is(response.status, status, path)
    assert.match(await response.text(), words)
  }
  const text = blobOf('no directory')
  await store(rig.client, text)
  assert.is((await ask(rig, `/api/directories/${pathOf(text.digest)}`)).status, 400)
})

test('an action that was evicted is said to be, and the rest is there', async () => {
  await using rig = await startRig()
  const missing = shell('true')
  await uploadAction(rig.client, missing, { except: [missing.digest] })
  const { name } = await lastOf(execute(rig.client, missing.digest))
  const detail = await json<Record<string, unknown>>(rig, `/api/operations/${name}`)
  assert.equal([(detail.failure as { code: string }).code, detail.command], ['failed-precondition', undefined])
  assert.match(String(detail.unavailable), /./)
})

test('the page and its files: no script but ours, nothing from elsewhere, in no frame', async () => {
  await using rig = await startRig()
  for (const [path, type] of [
    ['/', 'text/html'],
    ['/operations/00000000-0000-0000-0000-000000000000', 'text/html'],
    ['/status.css', 'text/css'],
    ['/icon.svg', 'image/svg+xml'],
    ['/favicon.ico', 'image/svg+xml'],
    ['/status.js', 'text/javascript'],
    ['/operation.js', 'text/javascript'],
    ['/elements.js', 'text/javascript'],
  ] as const) {
    const response = await ask(rig, path)
    assert.is(response.status, 200, path)
    assert.ok(response.headers.get('content-type')?.startsWith(type), path)
    const policy = response.headers.get('content-security-policy') ?? ''
    for (const rule of ["default-src 'none'", "script-src 'self'", "frame-ancestors 'none'"])
      assert.ok(policy.includes(rule), policy)
    assert.is(response.headers.get('cross-origin-resource-policy'), 'same-origin')
    // A namespace is no address.
    const text = (await response.text()).replace('xmlns="http://www.w3.org/2000/svg"', '')
    assert.not.match(text, /https?:\/\/|<script>|style="| on\w+="/)
    // Whoever writes a page of text from clients uses nothing that takes HTML.
    if (type === 'text/javascript') assert.not.match(text, /innerHTML|outerHTML|insertAdjacentHTML|document\.write/)
  }
})

test('who may not see what others execute, sees no page', async () => {
  const permissions = [
    { name: 'anonymous', permission: 'read' as const, instance: undefined },
    { name: 'anonymous', permission: 'execute' as const, instance: undefined },
  ]
  const auth = { tokensFile: undefined, htpasswdFile: undefined, permissions }
  await using rig = await startRig({ auth })
  for (const path of ['/', '/events', '/api/status', '/api/operations/00000000-0000-0000-0000-000000000000'])
    assert.ok([401, 403].includes((await ask(rig, path)).status), path)
  assert.is((await ask(rig, '/metrics')).status, 200)
})

test('on loopback, a page elsewhere cannot come in through a name of its own', async () => {
  await using rig = await startRig({ http: { listenAddr: '127.0.0.1:0', hosts: ['build.example'], cache: true } })
  const status = (path: string, host: string) =>
    new Promise<number | undefined>((resolve, reject) => {
      const url = `http://${rig.server.httpAddress}${path}`
      const sent = request(url, { headers: { host } }, (response) => {
        response.resume()
        resolve(response.statusCode)
      })
      sent.on('error', reject).end()
    })
  const port = rig.server.httpAddress?.split(':').at(-1)
  for (const host of [`127.0.0.1:${port}`, 'localhost', '[::1]:80', 'LOCALHOST:1', 'a.localhost', 'Build.Example:80'])
    assert.is(await status('/api/status', host), 200, host)
  for (const host of ['evil.example', 'localhost.evil.example', '127.0.0.1.evil.example', 'evil.example:80']) {
    assert.equal([host, await status('/api/status', host)], [host, 421])
    assert.is(await status(`/ac/${blobOf('x').digest.hash}`, host), 421, host)
    assert.is(await status('/healthz', host), 200, host)
  }
})

test('a snapshot is taken once for all who watch, and not at all when nobody does', async () => {
  let taken = 0
  const feed = new StatusFeed({ take: async () => ({ n: ++taken }) as unknown as StatusSnapshot, everyMs: 1 })
  const leave = new AbortController()
  const [a, b] = [feed.watch(leave.signal), feed.watch(leave.signal)]
  const numberIn = (text: string | undefined) => Number(/\d+/.exec(text ?? '')?.[0])
  const first = numberIn((await a.next()).value)
  assert.ok(numberIn((await b.next()).value) >= first)
  for (let n = 0; n < 20; n++) await a.next()
  assert.ok(taken >= 20 && taken < 200, String(taken))
  // Who has not asked meanwhile goes on with what is true now.
  assert.ok(numberIn((await b.next()).value) > 20)
  leave.abort()
  assert.is((await a.next()).done, true)
  await b.return(undefined)
  assert.is(feed.watchers, 0)
  const before = taken
  for (let n = 0; n < 50; n++) await new Promise(setImmediate)
  assert.is(taken, before)
})

test('who watches something that does not change hears that all is well; one watcher too many is refused', async () => {
  const take = async () => ({ same: true }) as unknown as StatusSnapshot
  const feed = new StatusFeed({ take, everyMs: 1, quietLooks: 3, maxWatchers: 1 })
  const leave = new AbortController()
  const watching = feed.watch(leave.signal)
  assert.match((await watching.next()).value ?? '', /^data: /)
  assert.match((await watching.next()).value ?? '', /^: /)
  try {
    await feed.watch(leave.signal).next()
    assert.unreachable()
  } catch (error) {
    assert.match((error as Error).message, /1 watch already/)
  }
  leave.abort()
  await watching.return(undefined)
})

test.run()
