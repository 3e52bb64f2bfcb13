import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { packAny, unpackAny } from './any.js'
import {
  BatchReadBlobsRequest,
  Compressor,
  Digest,
  ErrorInfo,
  ExecuteResponse,
  FindMissingBlobsRequest,
  LogFile,
  Operation,
  PreconditionFailure,
  RpcCode,
  RpcStatus,
} from './messages.js'

const digest = new Digest().setHash('ab').setSizeBytes(3)

test('messages of several files go into each other and come back', () => {
  const missing = new PreconditionFailure.Violation().setType('MISSING').setSubject('blobs/ab/3')
  const failure = new PreconditionFailure().setViolationsList([missing])
  const status = new RpcStatus().setCode(RpcCode.FAILED_PRECONDITION)
  status.addDetails(packAny('google.rpc.PreconditionFailure', failure))
  // The other way to add: the list makes the message. It names Any, which belongs to another file.
  status.addDetails().setTypeUrl('x')
  const operation = new Operation()
    .setName('operations/1')
    .setDone(true)
    .setResponse(packAny('build.bazel.remote.execution.v2.ExecuteResponse', new ExecuteResponse().setStatus(status)))

  const read = Operation.deserializeBinary(operation.serializeBinary())
  assert.is(read.getResultCase(), Operation.ResultCase.RESPONSE)
  const any = read.getResponse()
  assert.ok(any)
  const response = unpackAny(any, 'build.bazel.remote.execution.v2.ExecuteResponse', ExecuteResponse)
  const details = response?.getStatus()?.getDetailsList() ?? []
  assert.is(details.length, 2)
  const [first, second] = details
  assert.ok(first && second)
  const violations = unpackAny(first, 'google.rpc.PreconditionFailure', PreconditionFailure)?.getViolationsList()
  assert.is(violations?.[0]?.getSubject(), 'blobs/ab/3')
  assert.is(unpackAny(second, 'google.rpc.PreconditionFailure', PreconditionFailure), undefined)
})

test('maps of messages and of strings', () => {
  const response = new ExecuteResponse()
  response.getServerLogsMap().set('log', new LogFile().setDigest(digest).setHumanReadable(true))
  const read = ExecuteResponse.deserializeBinary(response.serializeBinary()).getServerLogsMap().get('log')
  assert.is(read?.getDigest()?.getHash(), 'ab')
  assert.is(read?.getHumanReadable(), true)

  const info = new ErrorInfo().setReason('R')
  info.getMetadataMap().set('k', 'v')
  assert.is(ErrorInfo.deserializeBinary(info.serializeBinary()).getMetadataMap().get('k'), 'v')
})

test('a string that is not UTF-8 is an error, not a replacement character', () => {
  assert.throws(() => Digest.deserializeBinary(Buffer.from('0a02c328', 'hex')))
})

test('an enum number that we do not know is kept', () => {
  assert.is(FindMissingBlobsRequest.deserializeBinary(Buffer.from('1863', 'hex')).getDigestFunction() as number, 99)
})

test('lists of enums are read packed, one by one, and in pieces of both', () => {
  const { ZSTD, DEFLATE } = Compressor.Value
  const read = (hex: string) =>
    BatchReadBlobsRequest.deserializeBinary(Buffer.from(hex, 'hex')).getAcceptableCompressorsList()
  assert.equal(read('1a020102'), [ZSTD, DEFLATE])
  assert.equal(read('18011802'), [ZSTD, DEFLATE])
  assert.equal(read('1a01011802'), [ZSTD, DEFLATE])
  const sent = new BatchReadBlobsRequest().setAcceptableCompressorsList([DEFLATE, ZSTD]).serializeBinary()
  assert.equal(BatchReadBlobsRequest.deserializeBinary(sent).getAcceptableCompressorsList(), [DEFLATE, ZSTD])
})

test('our messages do not appear on globalThis', () => {
  const { proto } = globalThis as { proto?: Record<string, Record<string, unknown>> }
  assert.is(proto?.build, undefined)
  assert.is(proto?.google?.rpc, undefined)
})

test.run()
