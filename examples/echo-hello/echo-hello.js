// The smallest remote execution there is: run `echo hello` and look at what it printed.
//
//   node echo-hello.js                            in this process, through LocalExecutor
//   node echo-hello.js grpc://127.0.0.1:50051     on a server, speaking the protocol by hand
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Digest, LocalExecutor, reapi, SHA256 } from '@gorego/core'
import { Client, credentials } from '@grpc/grpc-js'

const ARGV = ['/bin/echo', 'hello']
const REAPI = '/build.bazel.remote.execution.v2'

const target = process.argv[2]
const stdout = target === undefined ? await runHere() : await runThere(target.replace(/^grpc:\/\//, ''))
if (stdout !== 'hello\n') throw new Error(`expected hello, got ${JSON.stringify(stdout)}`)
process.stdout.write(stdout)

async function runHere() {
  const root = await mkdtemp(join(tmpdir(), 'echo-hello-'))
  const executor = await LocalExecutor.open({ root })
  try {
    return (await executor.run({ argv: ARGV })).stdout
  } finally {
    await executor.close()
    await rm(root, { recursive: true })
  }
}

// What every client of the protocol does: name three messages by their digests, upload them, execute the Action.
async function runThere(address) {
  const client = new Client(address, credentials.createInsecure())
  try {
    const command = blob(new reapi.Command().setArgumentsList(ARGV))
    const inputRoot = blob(new reapi.Directory())
    const action = blob(
      new reapi.Action()
        .setCommandDigest(reapi.toDigestMessage(command.digest))
        .setInputRootDigest(reapi.toDigestMessage(inputRoot.digest)),
    )
    await upload(client, [command, inputRoot, action])
    return await execute(client, action.digest)
  } finally {
    client.close()
  }
}

function blob(message) {
  const bytes = message.serializeBinary()
  return { bytes, digest: Digest.ofBytes(SHA256, bytes) }
}

async function upload(client, blobs) {
  const request = new reapi.BatchUpdateBlobsRequest()
  for (const { bytes, digest } of blobs) {
    const entry = new reapi.BatchUpdateBlobsRequest.Request()
    request.addRequests(entry.setDigest(reapi.toDigestMessage(digest)).setData(bytes))
  }
  const response = await new Promise((resolve, reject) => {
    const parse = reapi.BatchUpdateBlobsResponse.deserializeBinary
    client.makeUnaryRequest(
      `${REAPI}.ContentAddressableStorage/BatchUpdateBlobs`,
      encode,
      parse,
      request,
      (error, value) => (error ? reject(error) : resolve(value)),
    )
  })
  for (const { status } of response.toObject().responsesList) {
    if (status?.code) throw new Error(`upload failed: ${status.message}`)
  }
}

async function execute(client, digest) {
  const request = new reapi.ExecuteRequest().setActionDigest(reapi.toDigestMessage(digest)).setInlineStdout(true)
  const parse = reapi.Operation.deserializeBinary
  for await (const operation of client.makeServerStreamRequest(`${REAPI}.Execution/Execute`, encode, parse, request)) {
    if (!operation.getDone()) continue
    const response = reapi.ExecuteResponse.deserializeBinary(operation.getResponse().getValue_asU8())
    if (response.getStatus()?.getCode()) throw new Error(`execution failed: ${response.getStatus().getMessage()}`)
    return Buffer.from(response.getResult().getStdoutRaw_asU8()).toString()
  }
  throw new Error('the stream ended before the operation was done')
}

function encode(message) {
  return Buffer.from(message.serializeBinary())
}
