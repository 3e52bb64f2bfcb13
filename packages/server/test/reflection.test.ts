import { failure, type Sendable } from '@gorego/conformance/client'
import { reapi } from '@gorego/core'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { ServerRig } from './server-rig.js'

const V1 = '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo'
const V2 = 'build.bazel.remote.execution.v2'
const { ServerReflectionRequest, ServerReflectionResponse } = await reapi.loadReflection()
type Request = InstanceType<typeof ServerReflectionRequest>
type Response = InstanceType<typeof ServerReflectionResponse>

let rig: ServerRig
test.before(async () => {
  rig = await ServerRig.start()
})
test.after(() => rig.stop())

async function ask(path: string, requests: readonly Sendable[], server = rig): Promise<Response[]> {
  const stream = server.client.bidiStream(path)
  for (const request of requests) {
    stream.write(Buffer.from(request instanceof Uint8Array ? request : request.serializeBinary()))
  }
  stream.end()
  const responses: Response[] = []
  for await (const bytes of stream) responses.push(ServerReflectionResponse.deserializeBinary(bytes as Buffer))
  return responses
}

/** A request with a host of its own, to be known again. */
const request = (host = '') => new ServerReflectionRequest().setHost(host)

const list = request().setListServices('*')

async function services(path: string, server = rig): Promise<string[]> {
  const [response] = await ask(path, [list], server)
  return (response?.getListServicesResponse()?.getServiceList() ?? []).map((each) => each.getName())
}

test('the services are those that are served, under both names of reflection', async () => {
  const names = await services(V1)
  for (const name of [
    `${V2}.Execution`,
    `${V2}.ActionCache`,
    'google.longrunning.Operations',
    'grpc.health.v1.Health',
  ]) {
    assert.ok(names.includes(name), name)
  }
  assert.equal(await services('/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo'), names)
  await using cache = await ServerRig.start({ execution: { enabled: false } })
  assert.not((await services(V1, cache)).includes(`${V2}.Execution`))
})

test('every service that is listed is described, in files that need no others', async () => {
  const names = await services(V1)
  const responses = await ask(
    V1,
    names.map((name) => request(name).setFileContainingSymbol(name)),
  )
  assert.equal(
    responses.map((response) => response.getValidHost()),
    names,
  )
  for (const response of responses) {
    assert.ok(
      (response.getFileDescriptorResponse()?.getFileDescriptorProtoList().length ?? 0) > 0,
      response.getValidHost(),
    )
    assert.is(response.getOriginalRequest()?.getFileContainingSymbol(), response.getValidHost())
  }
})

test('what is not described is said in an answer, and the stream goes on', async () => {
  const wishes: Request[] = [
    request().setFileByFilename('nobody/has.proto'),
    request().setFileContainingSymbol('no.Symbol'),
    request().setAllExtensionNumbersOfType('no.Type'),
    request().setAllExtensionNumbersOfType(`${V2}.Action`),
    request(),
    request().setFileByFilename('google/rpc/status.proto'),
  ]
  const codes = (await ask(V1, wishes)).map((response) => response.getErrorResponse()?.getErrorCode())
  const { NOT_FOUND, INVALID_ARGUMENT } = reapi.RpcCode
  assert.equal(codes, [NOT_FOUND, NOT_FOUND, NOT_FOUND, undefined, INVALID_ARGUMENT, undefined])
})

test('GEN-06: what is no request is the fault of the client', async () => {
  assert.is((await failure(ask(V1, [Buffer.from('ffff', 'hex')]))).code, 'INVALID_ARGUMENT')
  assert.equal(rig.complaints, [])
})

test('it can be switched off', async () => {
  await using closed = await ServerRig.start({ reflection: false, execution: { enabled: false } })
  assert.is((await failure(services(V1, closed))).code, 'UNIMPLEMENTED')
})

test.run()
