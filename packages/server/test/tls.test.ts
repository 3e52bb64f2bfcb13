// TLS with certificates that openssl made, for gRPC and HTTP, in one process and with several front ends.
import { readFileSync, writeFileSync } from 'node:fs'
import { request } from 'node:https'
import { connect, type PeerCertificate } from 'node:tls'
import { failure, findMissing, isMissing, store } from '@gorego/conformance/client'
import { GoregoError } from '@gorego/core'
import { blobOf, blobOfSize } from '@gorego/core/testing'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type Certificate, Certificates, whyNoOpenssl } from './certificates.js'
import { eventually } from './eventually.js'
import { type RigOptions, ServerRig } from './server-rig.js'

const cacheOnly = { execution: { enabled: false } }

function startRig(server: Certificate, tls: object = {}, options: RigOptions = {}): Promise<ServerRig> {
  const none = { clientCaFile: undefined, clientCerts: 'required' as const }
  return ServerRig.start({ ...cacheOnly, tls: { ...none, ...server, ...tls }, ...options })
}

/** What the server shows to a new connection. */
function shown(rig: ServerRig, ca: string): Promise<PeerCertificate> {
  return new Promise((resolve, reject) => {
    const [host, port] = rig.server.address.split(':')
    const socket = connect({ host, port: Number(port), ca: readFileSync(ca), ALPNProtocols: ['h2'] }, () => {
      resolve(socket.getPeerCertificate())
      socket.destroy()
    })
    socket.once('error', reject)
  })
}

const reason = whyNoOpenssl()
if (reason !== undefined) {
  console.log(`skipped: ${reason}`)
} else {
  for (const frontEnds of [1, 2]) {
    test(`gRPC over TLS works with ${frontEnds} front end(s), and without TLS nothing is served`, async () => {
      using certificates = new Certificates()
      await using rig = await startRig(certificates.sign('server'), {}, { frontEnds })
      using client = rig.connect({ credentials: certificates.client() })
      const blob = blobOfSize(3_000_000)
      await store(client, blob)
      assert.not(await isMissing(client, blob))
      assert.is((await failure(findMissing(rig.client, []))).code, 'UNAVAILABLE')
      using stranger = new Certificates('another authority')
      using wary = rig.connect({ credentials: stranger.client() })
      assert.is((await failure(findMissing(wary, []))).code, 'UNAVAILABLE')
    })

    test(`mutual TLS: who shows no certificate, or one of others, is refused, with ${frontEnds} front end(s)`, async () => {
      using certificates = new Certificates()
      using others = new Certificates('another authority')
      const tls = { clientCaFile: certificates.caFile }
      await using rig = await startRig(certificates.sign('server'), tls, { frontEnds })
      using known = rig.connect({ credentials: certificates.client(certificates.sign('alice')) })
      await store(known, blobOf('mine'))
      using nobody = rig.connect({ credentials: certificates.client() })
      assert.is((await failure(findMissing(nobody, []))).code, 'UNAVAILABLE')
      using forger = rig.connect({ credentials: certificates.client(others.sign('alice')) })
      assert.is((await failure(findMissing(forger, []))).code, 'UNAVAILABLE')
    })
  }

  test('where certificates of clients are optional, one of others is refused all the same', async () => {
    using certificates = new Certificates()
    using others = new Certificates('another authority')
    const tls = { clientCaFile: certificates.caFile, clientCerts: 'optional' }
    const permissions = [{ name: 'anonymous', permission: 'read', instance: undefined } as const]
    const auth = { tokensFile: undefined, htpasswdFile: undefined, permissions }
    await using rig = await startRig(certificates.sign('server'), tls, { auth })
    using nobody = rig.connect({ credentials: certificates.client() })
    await findMissing(nobody, [])
    using forger = rig.connect({ credentials: certificates.client(others.sign('alice')) })
    assert.is((await failure(findMissing(forger, []))).code, 'UNAVAILABLE')
  })

  test('changed certificates are shown to new connections, old ones live on; broken ones change nothing', async () => {
    using certificates = new Certificates()
    const server = certificates.sign('server', 'first')
    await using rig = await startRig(server)
    using client = rig.connect({ credentials: certificates.client() })
    await store(client, blobOf('before'))
    assert.is((await shown(rig, certificates.caFile)).subject.CN, 'first')
    certificates.sign('server', 'second')
    await eventually(async () => (await shown(rig, certificates.caFile)).subject.CN === 'second')
    assert.not(await isMissing(client, blobOf('before')), 'the old connection')
    writeFileSync(server.certFile, 'broken')
    await eventually(async () => rig.complaints.length > 0)
    assert.match(rig.complaints[0]?.message ?? '', 'what was read before stays good')
    assert.match(String(rig.complaints[0]?.fields.error), /tls\.cert_file .*no CERTIFICATE in PEM/)
    assert.is((await shown(rig, certificates.caFile)).subject.CN, 'second')
    certificates.sign('server', 'third')
    await eventually(async () => (await shown(rig, certificates.caFile)).subject.CN === 'third')
  })

  test('certificates that cannot be used keep the server from starting, and are named', async () => {
    using certificates = new Certificates()
    const [one, two] = [certificates.sign('one'), certificates.sign('two')]
    const refused = async (tls: Certificate): Promise<string> => {
      const error = await startRig(tls).then(
        () => undefined,
        (reason) => reason,
      )
      assert.ok(error instanceof GoregoError && error.code === 'invalid-argument', String(error))
      return error.message
    }
    assert.match(
      await refused({ ...one, certFile: '/nowhere/cert.pem' }),
      /tls\.cert_file cannot be read: .*\/nowhere\/cert\.pem/,
    )
    assert.match(await refused({ ...one, keyFile: one.certFile }), /tls\.key_file .*no PRIVATE KEY in PEM/)
    assert.match(
      await refused({ ...one, keyFile: two.keyFile }),
      /one\.pem and tls\.key_file .*two\.key cannot be used together/,
    )
  })

  test('HTTP is served with the same certificate, and ends with connections in the middle of a handshake', async () => {
    using certificates = new Certificates()
    await using rig = await startRig(certificates.sign('server'), {}, { http: { listenAddr: '127.0.0.1:0' } })
    const url = `https://${rig.server.httpAddress}/healthz`
    const status = await new Promise((resolve, reject) => {
      const asked = request(url, { ca: readFileSync(certificates.caFile), agent: false }, (response) => {
        response.resume().once('end', () => resolve(response.statusCode))
      })
      asked.once('error', reject).end()
    })
    assert.is(status, 200)
    await fetch(url.replace('https', 'http')).then(
      () => assert.unreachable(),
      () => {},
    )
  })
}

test.run()
