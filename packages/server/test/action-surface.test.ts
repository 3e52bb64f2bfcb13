// What clients see of an action beside its result: messages, logs, node properties, policy, resource usage.
import {
  digestMessage,
  execute,
  lastOf,
  paths,
  read,
  run,
  type Seen,
  type SentAction,
  shell,
  store,
} from '@gorego/conformance/client'
import { reapi, SHA256 } from '@gorego/core'
import { blobOf, enoughTime } from '@gorego/core/testing'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { ServerRig } from './server-rig.js'

const { OK, FAILED_PRECONDITION, INVALID_ARGUMENT, DEADLINE_EXCEEDED } = reapi.RpcCode

let rig: ServerRig
let careful: ServerRig
test.before(async () => {
  rig = await ServerRig.start()
  careful = await ServerRig.start({
    execution: { absoluteSymlinks: 'disallowed', strict: true, maxStdoutMb: 1, reportResourceUsage: true },
  })
})
test.after(async () => {
  await Promise.all([rig.stop(), careful.stop()])
})

async function capabilities({ client }: ServerRig): Promise<reapi.ServerCapabilities> {
  return reapi.ServerCapabilities.deserializeBinary(
    await client.unary(paths.getCapabilities, new reapi.GetCapabilitiesRequest()),
  )
}

/** Runs `/bin/sh -c script` with a Command and an input root of the test's own. */
async function runWith(
  { client }: ServerRig,
  script: string,
  change: (command: reapi.Command, root: reapi.Directory) => void,
): Promise<Seen> {
  const message = new reapi.Command()
    .setArgumentsList(['/bin/sh', '-c', script])
    .setEnvironmentVariablesList([new reapi.Command.EnvironmentVariable().setName('PATH').setValue('/usr/bin:/bin')])
  const directory = new reapi.Directory()
  change(message, directory)
  const [command, root] = [blobOf(message.serializeBinary()), blobOf(directory.serializeBinary())]
  const action = blobOf(
    new reapi.Action()
      .setCommandDigest(digestMessage(command.digest))
      .setInputRootDigest(digestMessage(root.digest))
      .serializeBinary(),
  )
  const built: SentAction = { digest: action.digest, blobs: [action, command, root] }
  await store(client, ...built.blobs)
  return await lastOf(execute(client, built.digest))
}

async function logOf({ client }: ServerRig, { response }: Seen): Promise<string> {
  const log = response.getServerLogsMap().get('gorego')
  if (log === undefined) throw new Error('there is no log')
  assert.ok(log.getHumanReadable())
  return (await read(client, reapi.fromDigestMessage(SHA256, log.getDigest(), 'the log'))).toString()
}

test('ER-05: a response says how the command ended', async () => {
  const failed = await run(rig.client, shell('exit 7', { outputPaths: ['never-made'] }))
  assert.is(failed.code, OK)
  assert.match(failed.response.getMessage(), /^exit code 7 after .*"never-made"$/)
  const killed = await run(rig.client, shell('kill -KILL $$'))
  assert.equal([killed.code, killed.response.getResult()?.getExitCode()], [OK, 137])
  assert.match(killed.response.getMessage(), /SIGKILL/)
  const fine = await run(rig.client, shell('exit 0'))
  assert.equal([fine.response.getMessage(), fine.response.getServerLogsMap().getLength()], ['', 0])
})

test('ER-05: a failure has a server log that a person can read', async () => {
  const seen = await run(rig.client, shell('', { argv: ['no-such-tool', '--flag'] }))
  assert.is(seen.code, INVALID_ARGUMENT)
  const log = await logOf(rig, seen)
  assert.match(log, /arguments +\["no-such-tool","--flag"\]/)
  assert.match(log, /environment +PATH \(names only\)/)
  assert.match(log, /failure +invalid-argument: there is no program "no-such-tool"/)
  assert.match(seen.response.getMessage(), /no program/)
})

test('ER-03: a time-out says so, with a log, what was printed, and the outputs that there are', async () => {
  const script = 'echo so far; echo made > made; mkfifo pipe; sleep 600'
  const attempt = async (timeoutMs: number) => {
    const seen = await run(rig.client, shell(script, { timeoutMs, outputPaths: ['made', 'not-made', 'pipe'] }))
    assert.is(seen.code, DEADLINE_EXCEEDED)
    assert.match(seen.response.getMessage(), `time limit of ${timeoutMs / 1000} s`)
    assert.match(await logOf(rig, seen), /deadline-exceeded/)
    return seen.result
  }
  const result = await enoughTime(500, attempt, (each) => each.getOutputFilesList().length > 0)
  assert.ok(result.hasStdoutDigest())
  assert.equal(
    result.getOutputFilesList().map((file) => file.getPath()),
    ['made'],
  )
})

test('CP-08, CM-10: the node properties that are advertised are those that outputs come back with', async () => {
  const supported = (await capabilities(rig)).getExecutionCapabilities()?.getSupportedNodePropertiesList() ?? []
  assert.equal([...supported].sort(), ['mtime', 'unix_mode'])
  const seen = await runWith(rig, 'echo x > f; chmod 640 f; touch -d @1000 f', (command) =>
    command.setOutputPathsList(['f']).setOutputNodePropertiesList(supported),
  )
  assert.is(seen.code, OK)
  const properties = seen.response.getResult()?.getOutputFilesList()[0]?.getNodeProperties()
  assert.equal([properties?.getUnixMode()?.getValue(), properties?.getMtime()?.getSeconds()], [0o640, 1000])
  const unknown = await runWith(rig, 'exit 0', (command) => command.setOutputNodePropertiesList(['owner']))
  assert.is(unknown.code, INVALID_ARGUMENT)
})

test('CP-05, DR-07: absolute links are allowed or not, as is said', async () => {
  const { ALLOWED, DISALLOWED } = reapi.SymlinkAbsolutePathStrategy.Value
  const input = (server: ServerRig) =>
    runWith(server, 'exit 0', (_, root) =>
      root.setSymlinksList([new reapi.SymlinkNode().setName('l').setTarget('/etc/passwd')]),
    )
  const output = (server: ServerRig) =>
    runWith(server, 'ln -s /etc/passwd l', (command) => command.setOutputPathsList(['l']))
  for (const [server, strategy, codes] of [
    [rig, ALLOWED, [OK, OK]],
    [careful, DISALLOWED, [INVALID_ARGUMENT, FAILED_PRECONDITION]],
  ] as const) {
    assert.is((await capabilities(server)).getCacheCapabilities()?.getSymlinkAbsolutePathStrategy(), strategy)
    assert.equal([(await input(server)).code, (await output(server)).code], codes)
  }
})

test('CM-04, CM-08: execution.strict refuses what others take', async () => {
  const unsorted = (command: reapi.Command) => command.setOutputPathsList(['b', 'a'])
  const nowhere = (command: reapi.Command) => command.setWorkingDirectory('not/there')
  for (const change of [unsorted, nowhere]) {
    assert.is((await runWith(careful, 'exit 0', change)).code, INVALID_ARGUMENT)
    assert.is((await runWith(rig, 'exit 0', change)).code, OK)
  }
})

test('execution.max_stdout_mb: what is beyond is dropped, the command stopped, and clients do not try again', async () => {
  const seen = await run(careful.client, shell('head -c 3000000 /dev/zero; sleep 600'))
  assert.is(seen.code, FAILED_PRECONDITION)
  assert.match(seen.response.getMessage(), /more than 1 MB to stdout.*execution\.max_stdout_mb/)
  assert.is(seen.response.getResult()?.getStdoutDigest()?.getSizeBytes(), 1_000_000)
  const again = await run(careful.client, shell('head -c 3000000 /dev/zero; sleep 600'))
  assert.is(again.response.getCachedResult(), false)
})

test('execution.report_resource_usage: in auxiliary_metadata where it is set, kept with the cached result', async () => {
  const usage = ({ response }: Seen) =>
    reapi.resourceUsageIn(response.getResult()?.getExecutionMetadata()?.getAuxiliaryMetadataList() ?? [])
  const first = usage(await run(careful.client, shell('echo resources')))
  assert.ok(first !== undefined && first.userCpuMs >= 0)
  const second = await run(careful.client, shell('echo resources'))
  assert.ok(second.response.getCachedResult())
  assert.equal(usage(second), first)
  assert.is(usage(await run(rig.client, shell('echo resources'))), undefined)
})

test('OR-04: a link is where clients of 2.1 look, and where those of 2.0 do', async () => {
  const seen = await run(
    rig.client,
    shell('mkdir d; ln -s f to-file; ln -s d to-directory', {
      outputPaths: ['to-file', 'to-directory'],
    }),
  )
  const result = seen.response.getResult()
  const names = (links: reapi.OutputSymlink[] | undefined) => links?.map((link) => link.getPath())
  assert.equal(names(result?.getOutputSymlinksList()), ['to-file', 'to-directory'])
  assert.equal(names(result?.getOutputFileSymlinksList()), ['to-file'])
  assert.equal(names(result?.getOutputDirectorySymlinksList()), ['to-directory'])
})

test.run()
