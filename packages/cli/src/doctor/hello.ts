import { prepareAction, RunResult, reapi, SHA256 } from '@gorego/core'
import type { RemoteServer } from '@gorego/server'
import { showDuration } from '../ui/amounts.js'
import type { Finding } from './finding.js'

/** Clocks further apart than this make times in logs and results hard to compare. */
const FAR_APART_MS = 5_000

/** Asks a server what it is and has it execute an echo: what it can do, whether it does, and what its clock says. */
export async function checkServer(server: RemoteServer, signal: AbortSignal): Promise<Finding[]> {
  const about = 'server'
  const capabilities = await server.capabilities(signal)
  const [low, high] = [capabilities.getLowApiVersion(), capabilities.getHighApiVersion()].map((version) =>
    version === undefined ? '?' : `${version.getMajor()}.${version.getMinor()}`,
  )
  const found: Finding = { about, level: 'ok', message: `${server.target} speaks REAPI ${low} to ${high}` }
  if (capabilities.getExecutionCapabilities()?.getExecEnabled() !== true) {
    const message = 'it executes nothing, and is a cache only'
    return [found, { about: 'hello', level: 'warn', message, nextStep: 'execution.enabled in its configuration' }]
  }
  return [found, ...(await hello(server, signal))]
}

async function hello(server: RemoteServer, signal: AbortSignal): Promise<Finding[]> {
  const about = 'hello'
  const before = Date.now()
  const action = await prepareAction(
    { argv: ['/bin/echo', 'hello'], doNotCache: true, timeoutMs: 30_000 },
    { cas: server.blobs, fn: SHA256, signal },
  )
  const { response, failure } = await server.execute(action, {}, signal)
  const tookMs = Date.now() - before
  const status = response?.getStatus()
  const problem = failure?.message ?? (status?.getCode() ? status.getMessage() : undefined)
  const message = response?.getResult()
  if (message === undefined || problem !== undefined) {
    const nextStep = 'the log of the server says more'
    return [{ about, level: 'fail', message: `echo hello did not run: ${problem ?? 'there is no result'}`, nextStep }]
  }
  const result = await RunResult.read(action, message.serializeBinary(), false, server.blobs, signal)
  const isRight = result.exitCode === 0 && result.stdout === 'hello\n'
  const said: Finding = isRight
    ? { about, level: 'ok', message: `it ran echo hello in ${showDuration(tookMs)}` }
    : {
        about,
        level: 'fail',
        message: `echo hello ended with ${result.exitCode} and said ${JSON.stringify(result.stdout)}`,
      }
  const started = message.getExecutionMetadata()?.getExecutionStartTimestamp()
  return started === undefined ? [said] : [said, clock(reapi.timestampToMillis(started), before, before + tookMs)]
}

/** When it said that it ran, against when it must have. */
export function clock(saidMs: number, afterMs: number, beforeMs: number): Finding {
  const about = 'clock'
  const apartMs = Math.max(0, afterMs - saidMs, saidMs - beforeMs)
  if (apartMs <= FAR_APART_MS) return { about, level: 'ok', message: 'that of the server and this one agree' }
  const which = saidMs < afterMs ? 'behind' : 'ahead of'
  const message = `that of the server is ${showDuration(apartMs)} ${which} this one`
  return { about, level: 'warn', message, nextStep: 'set both by NTP' }
}
