import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import descriptorPb from 'google-protobuf/google/protobuf/descriptor_pb.js'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { loadReflection } from './load-reflection.js'

const PROTO = fileURLToPath(new URL('../../../../proto', import.meta.url))
const EXECUTION = 'build/bazel/remote/execution/v2/remote_execution.proto'

const { Descriptors } = await loadReflection()
const descriptors = new Descriptors()
const names = (files: readonly Uint8Array[] | undefined) =>
  files?.map((bytes) => descriptorPb.FileDescriptorProto.deserializeBinary(bytes).getName())

test('every file below proto/ is described, with all that it imports', () => {
  const paths = readdirSync(PROTO, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.proto'))
  assert.ok(paths.length >= 9)
  for (const path of paths) assert.is(names(descriptors.file(path))?.[0], path)
  const found = names(descriptors.file(EXECUTION)) ?? []
  for (const needed of ['build/bazel/semver/semver.proto', 'google/rpc/status.proto', 'google/protobuf/any.proto']) {
    assert.ok(found.includes(needed), needed)
  }
  assert.is(new Set(found).size, found.length)
})

test('what files declare is found by its full name', () => {
  const scope = 'build.bazel.remote.execution.v2'
  for (const symbol of [
    `${scope}.Execution`,
    `${scope}.Execution.Execute`,
    `${scope}.Action`,
    `${scope}.Action.salt`,
    `${scope}.BatchUpdateBlobsRequest.Request.digest`,
    `${scope}.DigestFunction.Value`,
    `${scope}.DigestFunction.SHA256`,
  ]) {
    assert.is(names(descriptors.fileWith(symbol))?.[0], EXECUTION, symbol)
  }
  assert.is(names(descriptors.fileWith('google.protobuf.Any'))?.[0], 'google/protobuf/any.proto')
  for (const symbol of ['', 'Action', scope, `${scope}.`, '__proto__', 'constructor']) {
    assert.is(descriptors.fileWith(symbol), undefined, symbol)
  }
  assert.is(descriptors.file('../../etc/passwd'), undefined)
  assert.ok(descriptors.isMessage(`${scope}.Action`) && !descriptors.isMessage(`${scope}.Execution`))
})

test.run()
