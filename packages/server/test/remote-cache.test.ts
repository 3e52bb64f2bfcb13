// A cache that executors share: `remote` of LocalExecutor.open, with a gorego behind it.
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { failure, findMissing, getResult } from '@gorego/conformance/client'
import { content, type GoregoError, LocalExecutor, type LocalExecutorOptions, LocalStore } from '@gorego/core'
import { blobOf, instead, type TemporaryDirectory, temporaryDirectory } from '@gorego/core/testing'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { ConnectError, type RemoteCacheOptions, remoteCache } from '../src/index.js'
import { Channel } from '../src/upstream/channel.js'
import { errorOf } from './error-of.js'
import { eventually } from './eventually.js'
import { FakeUpstream } from './fake-upstream.js'
import { type LogEntry, type RigOptions, ServerRig } from './server-rig.js'

const cacheOnly = { execution: { enabled: false }, frontEnds: 1 }
const env = { PATH: '/usr/bin:/bin' }
const shell = (script: string) => ({ argv: ['/bin/sh', '-c', script], env })
const deep = (n: number) => ({
  ...shell('mkdir -p out/d && cat in > out/d/f && cat in in > copy && echo "ran for" `cat in`'),
  inputs: { in: content(`input ${n}`) },
  outputs: ['out', 'copy'],
})

let space: TemporaryDirectory
test.before.each(() => {
  space = temporaryDirectory()
})
test.after.each(() => space[Symbol.dispose]())

/** An executor, with what its logger and `onChange` were told. */
class Office implements AsyncDisposable {
  readonly log: LogEntry[] = []
  readonly changes: { readonly used: boolean; readonly why: GoregoError | undefined }[] = []
  readonly root: string
  readonly #target: string
  readonly #remote: RemoteCacheOptions
  readonly #options: Partial<LocalExecutorOptions>
  #executor: LocalExecutor | undefined

  constructor(
    name: string,
    target: string,
    remote: RemoteCacheOptions = {},
    options: Partial<LocalExecutorOptions> = {},
  ) {
    this.root = join(space.path, name)
    this.#target = target
    this.#remote = { retries: 0, ...remote }
    this.#options = options
  }

  get complaints(): string[] {
    return this.log.filter(({ level }) => level === 'warn' || level === 'error').map(({ message }) => message)
  }

  get executor(): LocalExecutor {
    if (this.#executor === undefined) throw new Error('not open')
    return this.#executor
  }

  async open(): Promise<LocalExecutor> {
    const note =
      (level: LogEntry['level']) =>
      (message: string, fields: LogEntry['fields'] = {}) =>
        void this.log.push({ level, message, fields })
    const onChange = (used: boolean, why?: GoregoError) => void this.changes.push({ used, why })
    this.#executor = await LocalExecutor.open({
      root: this.root,
      concurrency: 2,
      logger: { debug: note('debug'), info: note('info'), warn: note('warn'), error: note('error') },
      remote: remoteCache(this.#target, { onChange, ...this.#remote }),
      ...this.#options,
    })
    return this.#executor
  }

  /** Files in which something is still to be stored behind. */
  get journals(): string[] {
    const directory = join(this.root, 'remote')
    if (!existsSync(directory)) return []
    return readdirSync(directory, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.includes('/'))
      .map((name) => join(directory, name))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#executor?.close()
  }
}

async function officeOf(...args: ConstructorParameters<typeof Office>): Promise<Office> {
  const office = new Office(...args)
  await office.open()
  return office
}

async function written(executor: LocalExecutor, n: number): Promise<string[]> {
  const result = await executor.run(deep(n))
  const target = join(space.path, 'written')
  await result.materialize(target)
  const texts = ['out/d/f', 'copy'].map((name) => readFileSync(join(target, name), 'utf8'))
  rmSync(target, { recursive: true })
  return [String(result.cached), result.stdout, ...texts]
}

test('what one executor has run another one with nothing finds, with all that it made; inputs stay at home', async () => {
  await using behind = await ServerRig.start(cacheOnly)
  const target = `grpc://${behind.server.address}`
  const first = await officeOf('first', target)
  assert.equal(await written(first.executor, 1), ['false', 'ran for input 1\n', 'input 1', 'input 1input 1'])
  const { action } = await first.executor.wouldHit(deep(1))
  await first.executor.close()
  assert.equal(first.journals, [], 'closing it stored everything')
  assert.is((await getResult(behind.client, action)).getOutputFilesList().length, 1)
  await using second = await officeOf('second', target)
  assert.is((await second.executor.wouldHit(deep(1))).hit, true)
  assert.equal(await written(second.executor, 1), ['true', 'ran for input 1\n', 'input 1', 'input 1input 1'])
  // The Action, and not what it was run on.
  const input = blobOf('only an input')
  await second.executor.run({ ...shell('wc -c < in'), inputs: { in: content('only an input') } })
  await second.executor.close()
  assert.equal((await findMissing(behind.client, [action, input.digest])).map(String), [String(input.digest)])
  assert.equal([...first.complaints, ...second.complaints], [])
})

test('an action takes what only the cache has: a file, and a directory, of a graph whose first node is cached there', async () => {
  await using behind = await ServerRig.start(cacheOnly)
  const target = `grpc://${behind.server.address}`
  const build = async (executor: LocalExecutor, script: string) => {
    const graph = executor.graph()
    const made = graph.add('make', deep(2))
    const inputs = { tree: made.output('out'), copy: made.output('copy') }
    graph.add('use', { ...shell(script), inputs })
    const { nodes, counts } = await graph.run()
    const use = nodes.get('use')
    return [use && 'result' in use ? use.result?.stdout : undefined, counts.done, counts.cached]
  }
  {
    await using first = await officeOf('first', target)
    assert.equal(await build(first.executor, 'cat tree/d/f'), ['input 2', 2, 0])
  }
  await using second = await officeOf('second', target)
  assert.equal(await build(second.executor, 'cat tree/d/f copy'), ['input 2input 2input 2', 1, 1])
})

test('without the cache everything works and it is said once; when it comes, it gets what was made meanwhile', async () => {
  const address = `unix:${join(space.path, 'behind')}`
  const behind: RigOptions = { ...cacheOnly, listenAddr: address, directory: join(space.path, 'behind-dir') }
  await using office = await officeOf('office', address)
  for (let n = 0; n < 3; n++) assert.is((await written(office.executor, n))[0], 'false')
  assert.equal(office.complaints, ['the backing cache does not answer'])
  const [change, ...more] = office.changes
  assert.equal([change?.used, more.length], [false, 0])
  assert.instance(change?.why, ConnectError)
  assert.match(change?.why?.message ?? '', 'nothing listens there')
  const { action } = await office.executor.wouldHit(deep(2))

  const rig = await ServerRig.start(behind)
  await eventually(
    async () =>
      await getResult(rig.client, action).then(
        () => true,
        () => false,
      ),
  )
  assert.equal(
    office.changes.map(({ used }) => used),
    [false, true],
  )
  await using other = await officeOf('other', address)
  assert.is((await written(other.executor, 2))[0], 'true')

  await rig.stop()
  assert.is((await written(office.executor, 10))[0], 'false')
  assert.is((await written(office.executor, 2))[0], 'true', 'what is here is used')
  await using _again = await ServerRig.start(behind)
  await using fresh = await officeOf('fresh', address)
  await eventually(async () => (await fresh.executor.wouldHit(deep(10))).hit)
})

test('what could not be stored there is stored by the next executor of the same root, for the same cache', async () => {
  const address = `unix:${join(space.path, 'behind')}`
  const office = await officeOf('office', address)
  await office.executor.run(deep(1))
  const { action } = await office.executor.wouldHit(deep(1))
  await office.executor.close()
  assert.is(office.journals.length, 1)
  await using rig = await ServerRig.start({ ...cacheOnly, listenAddr: address })
  {
    await using _elsewhere = await officeOf('office', address, { instance: 'elsewhere' })
  }
  assert.is((await failure(getResult(rig.client, action))).code, 'NOT_FOUND')
  await (await office.open()).close()
  assert.ok(await getResult(rig.client, action))
  assert.equal(office.journals, [])
})

test('an executor that cannot be opened leaves what is to be stored there to the next, of the same process too', async () => {
  const address = `unix:${join(space.path, 'behind')}`
  const office = await officeOf('office', address)
  await office.executor.run(deep(1))
  const { action } = await office.executor.wouldHit(deep(1))
  await office.executor.close()
  {
    using _ = instead(LocalStore.prototype, 'pin', () => {
      throw new Error('it cannot be used')
    })
    assert.match((await errorOf(office.open())).message, 'it cannot be used')
  }
  assert.is(office.journals.length, 1)
  await using rig = await ServerRig.start({ ...cacheOnly, listenAddr: address })
  await (await office.open()).close()
  assert.ok(await getResult(rig.client, action))
  assert.equal(office.journals, [])
})

test('what went wrong first is told, and the connection closed, whatever goes wrong with the list after it', async () => {
  const address = `unix:${join(space.path, 'behind')}`
  await using _rig = await ServerRig.start({ ...cacheOnly, listenAddr: address })
  const office = await officeOf('office', address)
  await office.executor.close()
  const dispose = Channel.prototype[Symbol.dispose]
  let closed = 0
  Channel.prototype[Symbol.dispose] = function () {
    closed++
    dispose.call(this)
  }
  try {
    using _ = instead(LocalStore.prototype, 'pin', () => {
      rmSync(join(office.root, 'remote'), { recursive: true })
      throw new Error('it cannot be used')
    })
    assert.match((await errorOf(office.open())).message, 'it cannot be used')
  } finally {
    Channel.prototype[Symbol.dispose] = dispose
  }
  assert.is(closed, 1)
})

test('required: without it nothing opens, and what is not here fails while it is away', async () => {
  const address = `unix:${join(space.path, 'behind')}`
  const absent = await errorOf(officeOf('office', address, { required: true }))
  assert.equal([absent.code, absent.name], ['unavailable', 'ConnectError'])
  const rig = await ServerRig.start({ ...cacheOnly, listenAddr: address })
  await using office = await officeOf('office', address, { required: true })
  assert.is((await written(office.executor, 1))[0], 'false')
  await rig.stop()
  assert.is((await written(office.executor, 1))[0], 'true', 'what is here needs nobody')
  assert.is((await errorOf(office.executor.run(deep(2)))).code, 'unavailable')
})

test('a cache that lets nobody in, or hashes otherwise, is told once and not used; required, it is an error', async () => {
  const tokensFile = join(space.path, 'tokens')
  writeFileSync(tokensFile, 'ci a-token-of-some-length\n', { mode: 0o600 })
  const auth = { tokensFile, htpasswdFile: undefined, permissions: [] }
  await using closed = await ServerRig.start({ ...cacheOnly, auth })
  await using sha512 = await ServerRig.start({ ...cacheOnly, digestFunctions: ['sha512'] })
  for (const [server, code, options] of [
    [closed, 'unauthenticated', { token: 'another-token-of-some-length' }],
    [sha512, 'failed-precondition', {}],
  ] as const) {
    const target = `grpc://${server.server.address}`
    await using office = await officeOf('office', target, options)
    for (let n = 0; n < 2; n++) assert.is((await office.executor.run({ ...deep(n), refresh: true })).cached, false)
    assert.equal(office.complaints, ['the remote cache cannot be used'])
    assert.equal(
      office.changes.map(({ used, why }) => [used, why?.code]),
      [[false, code]],
    )
    assert.is((await errorOf(officeOf('required', target, { ...options, required: true }))).code, code)
  }
  await using office = await officeOf('allowed', `grpc://${closed.server.address}`, {
    token: () => 'a-token-of-some-length',
  })
  await office.executor.run(deep(1))
  assert.equal([office.complaints, office.changes], [[], []])
})

test('a cache is only read if that is what is wanted, or all that it lets clients do', async () => {
  await using open = await ServerRig.start(cacheOnly)
  await using closed = await ServerRig.start({ ...cacheOnly, actionCache: { updates: false } })
  for (const [server, options] of [
    [open, { readOnly: true }],
    [closed, {}],
  ] as const) {
    const office = await officeOf(`of ${server.server.address}`, `grpc://${server.server.address}`, options)
    const { action } = await office.executor.run(deep(1))
    await office.executor.close()
    assert.equal((await findMissing(server.client, [action])).map(String), [String(action)])
    assert.equal([office.complaints, office.journals], [[], []])
  }
})

test('blobs go compressed, and results to the instance that is named', async () => {
  await using behind = await ServerRig.start({ ...cacheOnly, instanceNames: ['office'], logLevel: 'debug' })
  const target = `grpc://${behind.server.address}`
  const spec = { ...shell("head -c 100000 /dev/zero | tr '\\0' x > out"), outputs: ['out'] }
  const options = { instance: 'office', compression: 'zstd' } as const
  {
    await using first = await officeOf('first', target, options)
    await first.executor.run(spec)
  }
  await using second = await officeOf('second', target, options)
  const result = await second.executor.run(spec)
  await result.materialize(join(space.path, 'out'))
  assert.equal([result.cached, readFileSync(join(space.path, 'out/out')).length], [true, 100_000])
  assert.equal(second.complaints, [])
  assert.ok(second.log.some(({ message }) => message === 'blobs go to and from the backing cache compressed'))
  const asked = behind.log.filter(({ message }) => message.endsWith('/GetCapabilities'))
  assert.is(asked.length, 2, 'each office asks once what it can')
  await using elsewhere = await officeOf('elsewhere', target, { instance: 'nowhere' })
  assert.equal(elsewhere.complaints, ['the remote cache cannot be used'])
})

test('a server that wants Actions with their results has them', async () => {
  await using behind = await ServerRig.start({ ...cacheOnly, actionCache: { requireAction: true } })
  const office = await officeOf('office', `grpc://${behind.server.address}`)
  const { action } = await office.executor.run(deep(1))
  await office.executor.close()
  assert.ok(await getResult(behind.client, action))
  assert.equal(office.complaints, [])
})

test('what is said to be there and is not is run again', async () => {
  const printed = blobOf('x'.repeat(200_000))
  await using behind = await ServerRig.start(cacheOnly)
  const target = `grpc://${behind.server.address}`
  const spec = shell("head -c 200000 /dev/zero | tr '\\0' x")
  {
    await using first = await officeOf('first', target)
    await first.executor.run(spec)
  }
  await using second = await officeOf('second', target)
  assert.is((await second.executor.wouldHit(spec)).hit, true)
  // The other server does not look at its disk for a while.
  const { hash, sizeBytes } = printed.digest
  rmSync(join(behind.directory, 'cas/sha256', hash.slice(0, 2), `${hash}-${sizeBytes}`))
  const result = await second.executor.run(spec)
  assert.equal([result.cached, result.stdout.length], [false, 200_000])
})

test('headers are sent with each call; names and values that cannot be are refused, and none goes out in the clear', async () => {
  await using behind = await FakeUpstream.start({ compressors: [], sends: () => undefined })
  await using _office = await officeOf('office', behind.target, { headers: { 'x-api-key': 'of the office' } })
  assert.is(behind.metadata[0]?.get('x-api-key')[0], 'of the office')
  const refusal = async (target: string, headers: Record<string, string>) =>
    (await errorOf(officeOf('other', target, { headers }))).message
  for (const name of ['Upper', 'x-bin', 'authorization', 'grpc-timeout', ''])
    assert.match(await refusal(behind.target, { [name]: 'v' }), 'cannot be sent')
  assert.match(await refusal(behind.target, { 'x-key': 'secret\nx: y' }), 'not printable')
  assert.not.match(await refusal(behind.target, { 'x-key': 'secret\n' }), 'secret')
  assert.match(await refusal('grpc://192.0.2.1:1', { 'x-key': 'secret' }), /in the clear.*grpcs:/)
})

test('an address alone, or one that is none, is refused with what to write', async () => {
  const open = (remote: unknown) => LocalExecutor.open({ root: join(space.path, 'root'), remote: remote as never })
  const alone = await errorOf(open('grpc://cache:1'))
  assert.equal([alone.code, alone.message.includes('want remoteCache("grpc://cache:1")')], ['invalid-argument', true])
  assert.match((await errorOf(open(remoteCache('http://cache')))).message, 'is no address of a server')
})

test.run()
