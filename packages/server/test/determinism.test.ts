// Actions that are run a second time, of a real server: nobody waits for it, and nothing is changed by it.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { execute, Gate, getResult, lastOf, sayingFor, shell, uploadAction } from '@gorego/conformance/client'
import { temporaryDirectory } from '@gorego/core/testing'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type DeterminismFinding, RemoteServer } from '../src/index.js'
import type { StatusSnapshot } from '../src/status/snapshot.js'
import { eventually } from './eventually.js'
import { ServerRig } from './server-rig.js'

const RANDOM = 'mkdir d; printf 0123 > d/b; cat /proc/sys/kernel/random/uuid >> d/b; date +%N > time'

for (const frontEnds of [1, 2]) {
  test(`an action that differs is found, one that does not is not, with front_ends: ${frontEnds}`, async () => {
    await using rig = await ServerRig.start({
      frontEnds,
      http: { listenAddr: '127.0.0.1:0' },
      execution: { determinismSampleRate: 1, concurrency: 2 },
    })
    const { client } = rig
    const ran = async (script: string, target: string, outputPaths: string[], doNotCache = false) => {
      const action = await uploadAction(client, shell(script, { outputPaths, doNotCache }))
      const metadata = sayingFor({ target, mnemonic: 'Gen' })
      const { name } = await lastOf(execute(client, action.digest, { metadata }))
      return { digest: action.digest, name }
    }
    await ran('echo same > out', '//a:same', ['out'])
    await ran('date +%N', '//a:uncached', [], true)
    await ran('date +%N; exit 1', '//a:failed', [])
    const differs = await ran(RANDOM, '//a:differs', ['d', 'time'])
    const cached = await getResult(client, differs.digest)

    using server = await RemoteServer.connect(`grpc://${rig.server.address}`)
    await eventually(async () => {
      const { same, different } = await server.determinism()
      return same + different >= 2
    })
    const { findings, ...counts } = await server.determinism()
    assert.equal(counts, { sampleRate: 1, same: 1, different: 1, dropped: 0 })
    assert.is(findings.length, 1)
    const [first] = findings
    const { differences, foundAt, ...finding } = first as DeterminismFinding
    assert.equal(
      { ...finding, action: String(finding.action) },
      {
        instance: '',
        action: String(differs.digest),
        operation: differs.name,
        target: '//a:differs',
        mnemonic: 'Gen',
        truncated: false,
      },
    )
    assert.ok(Date.now() - foundAt < 60_000)
    assert.equal(differences.map(({ subject }) => subject).sort(), ['d/b', 'time'])
    const [{ offset = 0 } = {}] = differences.filter(({ subject }) => subject === 'd/b')
    // By chance the first digits can be the same.
    assert.ok(offset >= 4 && offset < 20, String(offset))

    assert.equal((await getResult(client, differs.digest)).toObject(), cached.toObject())
    const lines = rig.log.filter(({ message }) => message === 'an action did not do the same when it was run again')
    assert.equal(
      lines.map(({ level, fields: { target, mnemonic, digest } }) => [level, target, mnemonic, digest]),
      [['warn', '//a:differs', 'Gen', String(differs.digest)]],
    )
    const get = async (path: string) => await (await fetch(`http://${rig.server.httpAddress}${path}`)).text()
    const metrics = await get('/metrics')
    assert.match(metrics, 'gorego_determinism_samples_total{verdict="same"} 1\n')
    assert.match(metrics, 'gorego_determinism_samples_total{verdict="different"} 1\n')
    // What is run again is no operation, and is not executed for anybody.
    assert.match(metrics, 'gorego_operations_total{outcome="ok",cached="false"} 4\n')
    const { execution } = JSON.parse(await get('/api/status')) as StatusSnapshot
    assert.equal(
      execution?.determinism?.findings.map(({ target, name }) => [target, name]),
      [['//a:differs', differs.name]],
    )
  })
}

test('nothing is run again where nobody asked for it', async () => {
  await using rig = await ServerRig.start({ http: { listenAddr: '127.0.0.1:0' } })
  const action = await uploadAction(rig.client, shell('date +%N'))
  await lastOf(execute(rig.client, action.digest))
  using server = await RemoteServer.connect(`grpc://${rig.server.address}`)
  assert.equal(await server.determinism(), { sampleRate: 0, same: 0, different: 0, dropped: 0, findings: [] })
  const status = await fetch(`http://${rig.server.httpAddress}/api/status`)
  assert.is(((await status.json()) as StatusSnapshot).execution?.determinism, undefined)
})

test('a server that is told to stop does not wait for what it runs again', async () => {
  using gates = temporaryDirectory()
  const [first, started, gate] = [join(gates.path, 'first'), new Gate(gates.path), new Gate(gates.path)]
  await using rig = await ServerRig.start({ execution: { determinismSampleRate: 1 } })
  // The second time it waits for something that never comes.
  const action = await uploadAction(rig.client, shell(`mkdir ${first} || { echo > ${started.path}; ${gate.wait}; }`))
  await lastOf(execute(rig.client, action.digest))
  await readFile(started.path)
  await rig.stop()
})

test.run()
