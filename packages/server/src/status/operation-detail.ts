import {
  type ContentAddressableStorage,
  type DescribedAction,
  describeAction,
  GoregoError,
  type OperationState,
  outputsOf,
  reapi,
} from '@gorego/core'
import { executionPhases } from '../services/execution-phases.js'
import { digestPath } from './digest-path.js'
import { type PrintedText, printedText } from './printed-text.js'

export interface ListedOutput {
  readonly path: string
  readonly kind: 'file' | 'tree' | 'directory' | 'symlink'
  /** As `digestPath` has it; of a file, a Tree message or a Directory. */
  readonly digest?: string
  readonly sizeBytes?: number
  readonly executable?: boolean
  readonly target?: string
}

/** More are not listed: the page says how many there are. */
const MOST_OUTPUTS = 500

const MOST_PRINTED_BYTES = 64 * 1024

/** Everything that is known of an operation, as plain data for a page. Times are in milliseconds since 1970. */
export async function operationDetail(state: OperationState, cas: ContentAddressableStorage, signal: AbortSignal) {
  const { name, instance, action, stage, createdAt, enteredAt, labels = {}, outcome } = state
  const { result, failure, cached = false, message, resources, logs = {} } = outcome ?? {}
  const printed = async (stream: 'stdout' | 'stderr') => {
    const text = result && (await printedText(cas, action.fn, result, stream, MOST_PRINTED_BYTES, signal))
    return text && plainText(text)
  }
  const { traceparent: _, ...said } = labels
  return {
    ...{ name, instance, action: digestPath(action), stage, createdAt, enteredAt, labels: said, cached, message },
    failure: failure && { code: failure.code, message: failure.message },
    resources,
    logs: Object.entries(logs).map(([log, digest]) => ({ name: log, digest: digestPath(digest) })),
    ...(result === undefined ? {} : executionPhases(result, cached)),
    ...(result === undefined ? {} : outputsIn(result, action.fn)),
    stdout: await printed('stdout'),
    stderr: await printed('stderr'),
    ...(await commandOf(state, cas, signal)),
  }
}

export type OperationDetail = Awaited<ReturnType<typeof operationDetail>>

function plainText({ text, leftOut, digest }: PrintedText) {
  return { text, leftOut, ...(digest === undefined ? {} : { digest: digestPath(digest) }) }
}

/** Or why it is not known: the Action may have been evicted. */
async function commandOf({ action }: OperationState, cas: ContentAddressableStorage, signal: AbortSignal) {
  let described: DescribedAction
  try {
    described = await describeAction(cas, action, signal)
  } catch (error) {
    return { unavailable: GoregoError.from(error).message }
  }
  const { command, inputRoot, platform, timeoutSeconds } = described
  return {
    inputRoot: digestPath(inputRoot),
    command: {
      arguments: command.getArgumentsList(),
      variables: command.getEnvironmentVariablesList().map((variable) => [variable.getName(), variable.getValue()]),
      workingDirectory: command.getWorkingDirectory(),
      outputs: [...outputsOf(command).keys()],
      platform,
      timeoutSeconds,
      doNotCache: described.action.getDoNotCache(),
    },
  }
}

function outputsIn(bytes: Uint8Array, fn: OperationState['action']['fn']) {
  const result = reapi.decode(reapi.ActionResult, bytes, 'the result of an action')
  const located = (message: reapi.Digest | undefined) => {
    if (message === undefined || message.getHash() === '') return {}
    const digest = reapi.fromDigestMessage(fn, message, 'the digest of an output')
    return { digest: digestPath(digest), sizeBytes: digest.sizeBytes }
  }
  const files = result.getOutputFilesList()
  const directories = result.getOutputDirectoriesList()
  const links = [
    ...result.getOutputSymlinksList(),
    ...result.getOutputFileSymlinksList(),
    ...result.getOutputDirectorySymlinksList(),
  ]
  const some = <T>(list: readonly T[]) => list.slice(0, MOST_OUTPUTS)
  const outputs: ListedOutput[] = [
    ...some(files).map((output) => ({
      path: output.getPath(),
      kind: 'file' as const,
      ...located(output.getDigest()),
      executable: output.getIsExecutable(),
    })),
    ...some(directories).map((output) => {
      const root = output.getRootDirectoryDigest()
      if (root !== undefined && root.getHash() !== '')
        return { path: output.getPath(), kind: 'directory' as const, ...located(root) }
      return { path: output.getPath(), kind: 'tree' as const, ...located(output.getTreeDigest()) }
    }),
    ...some(links).map((output) => ({
      path: output.getPath(),
      kind: 'symlink' as const,
      target: output.getTarget(),
    })),
  ]
  return { outputs: some(outputs), outputsInAll: files.length + directories.length + links.length }
}
