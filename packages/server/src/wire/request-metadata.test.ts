import { reapi } from '@gorego/core'
import { Metadata } from '@grpc/grpc-js'
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { requestLabels } from './request-metadata.js'

const HEADER = 'build.bazel.remote.execution.v2.requestmetadata-bin'

function headers(...values: Uint8Array[]): Metadata {
  const metadata = new Metadata()
  for (const value of values) metadata.add(HEADER, Buffer.from(value))
  return metadata
}

test('RM-01: what the client says of itself', () => {
  const message = new reapi.RequestMetadata()
    .setToolDetails(new reapi.ToolDetails().setToolName('bazel').setToolVersion('8.1.0'))
    .setToolInvocationId('invocation')
    .setCorrelatedInvocationsId('pipeline')
    .setActionId('action')
    .setActionMnemonic('CppCompile')
    .setTargetId('//a:b')
  assert.equal(requestLabels(headers(message.serializeBinary())), {
    tool: 'bazel 8.1.0',
    invocation: 'invocation',
    correlated: 'pipeline',
    action: 'action',
    mnemonic: 'CppCompile',
    target: '//a:b',
  })
})

test('RM-01: what it does not say is left out', () => {
  assert.equal(requestLabels(new Metadata()), {})
  assert.equal(requestLabels(headers(Buffer.alloc(0))), {})
  const nameless = new reapi.RequestMetadata().setToolDetails(new reapi.ToolDetails().setToolVersion('1'))
  assert.equal(requestLabels(headers(nameless.serializeBinary())), { tool: '1' })
})

test('RM-01: garbage says nothing and fails nothing', () => {
  for (const garbage of ['ff', '0aff', '0a02c328', '08', '0a0308ff01'.repeat(50)]) {
    assert.equal(requestLabels(headers(Buffer.from(garbage, 'hex'))), {})
  }
})

test('RM-01: whatever the header is, there are labels or none', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      for (const value of Object.values(requestLabels(headers(bytes)))) assert.ok(value !== '' && value.length <= 300)
    }),
  )
})

test('RM-02: labels are bounded', () => {
  const message = new reapi.RequestMetadata().setTargetId('x'.repeat(10_000))
  assert.is(requestLabels(headers(message.serializeBinary())).target?.length, 300)
})

test.run()
