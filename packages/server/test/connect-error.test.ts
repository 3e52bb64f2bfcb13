// Why no connection came about: each reason from a real peer that gives it.
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer as createHttpServer } from 'node:http'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { ConnectError, type ConnectProblem, RemoteServer, type RemoteServerOptions } from '../src/index.js'
import { connectErrorOf } from '../src/upstream/connect-error.js'
import { Certificates, whyNoOpenssl } from './certificates.js'
import { ServerRig } from './server-rig.js'

async function problem(target: string, options?: RemoteServerOptions): Promise<ConnectProblem> {
  const error = await RemoteServer.connect(target, options).then(
    (server) => server[Symbol.dispose](),
    (reason) => reason,
  )
  assert.instance(error, ConnectError, String(error))
  assert.is((error as ConnectError).code, 'unavailable')
  assert.match((error as ConnectError).message, `no gRPC server answers at ${target}: `)
  return (error as ConnectError).problem
}

async function listening(server: Server): Promise<string> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return `127.0.0.1:${(server.address() as AddressInfo).port}`
}

test('nothing listens: at a port, at a socket; a name that nobody has', async () => {
  const gone = createServer()
  const address = await listening(gone)
  gone.close()
  assert.is(await problem(`grpc://${address}`), 'nothing-listens')
  assert.is(await problem('unix:/nowhere/gorego.sock'), 'nothing-listens')
  assert.is(await problem('grpc://no-such-host.invalid:1'), 'unknown-host')
})

test('something else listens', async () => {
  const http = createHttpServer((_, response) => response.end('hello'))
  const rude = createServer((socket) => socket.destroy())
  try {
    assert.is(await problem(`grpc://${await listening(http)}`), 'no-grpc')
    assert.is(await problem(`grpc://${await listening(rude)}`), 'broken-off')
  } finally {
    http.close()
    rude.close()
  }
})

test('aborting ends the waiting for a server that says nothing', async () => {
  const stop = new AbortController()
  const sockets: Socket[] = []
  const mute = createServer((socket) => {
    sockets.push(socket)
    stop.abort(new Error('enough'))
  })
  const target = `grpc://${await listening(mute)}`
  const error = await RemoteServer.connect(target, {}, stop.signal).catch((reason) => reason)
  assert.is(error.message, 'enough')
  mute.close()
  // grpc-js itself only closes connections that came about.
  for (const socket of sockets) socket.destroy()
  assert.is(connectErrorOf(target, undefined).problem, 'silent')
})

const reason = whyNoOpenssl()
if (reason !== undefined) console.log(`skipped: ${reason}`)
else {
  const certificates = new Certificates()
  const others = new Certificates('another authority')
  test.after(() => {
    certificates[Symbol.dispose]()
    others[Symbol.dispose]()
  })
  const ca = readFileSync(certificates.caFile)

  test('TLS: an authority that is not trusted, a certificate that is wanted, no TLS on one side', async () => {
    const tls = {
      ...certificates.sign('server'),
      clientCaFile: certificates.caFile,
      clientCerts: 'required' as const,
    }
    await using rig = await ServerRig.start({ tls })
    await using plain = await ServerRig.start({
      tls: { ...tls, certFile: undefined, keyFile: undefined, clientCaFile: undefined },
    })
    const target = `grpcs://${rig.server.address}`
    const otherCa = readFileSync(others.caFile)
    assert.is(await problem(target), 'distrusted')
    assert.is(await problem(target, { tls: { ca: otherCa } }), 'distrusted')
    assert.is(await problem(target, { tls: { ca } }), 'certificate-wanted')
    assert.is(await problem(`grpc://${rig.server.address}`), 'broken-off')
    assert.is(await problem(`grpcs://${plain.server.address}`), 'no-tls')
    const { certFile, keyFile } = certificates.sign('ours')
    const shown = { ca, cert: readFileSync(certFile), key: readFileSync(keyFile) }
    using server = await RemoteServer.connect(target, { tls: shown })
    assert.ok((await server.capabilities()).getLowApiVersion())
  })
}

test.run()
