import { healthPaths, paths } from './calls.js'
import { type CallFailure, type CallOptions, failure, type RawClient, type Sendable } from './raw-client.js'

const serverStreams: readonly string[] = [
  paths.read,
  paths.getTree,
  paths.execute,
  paths.waitExecution,
  healthPaths.watch,
]

/** Calls any method with one message, and says how that fails; throws if it does not. */
export async function callFailure(
  client: RawClient,
  path: string,
  message: Sendable,
  options: CallOptions = {},
): Promise<CallFailure> {
  try {
    return await failureOf(client, path, message, options)
  } catch (error) {
    throw new Error(`${path}: ${(error as Error).message}`, { cause: error })
  }
}

async function failureOf(
  client: RawClient,
  path: string,
  message: Sendable,
  options: CallOptions,
): Promise<CallFailure> {
  if (serverStreams.includes(path)) return await failure(client.serverStream(path, message, options))
  if (path !== paths.write) return await failure(client.unary(path, message, options))
  const upload = client.clientStream(path, options)
  await upload.send(message)
  upload.end()
  return await failure(upload.response)
}
