import { reapi } from '@gorego/core'
import { blobOf, type TestBlob } from '@gorego/core/testing'
import fc from 'fast-check'
import { executed, executeRequest, good, paths, store } from './hostile-calls.js'
import { Connection } from './hostile-connection.js'
import { name } from './hostile-fields.js'
import { hostileBytes } from './hostile-requests.js'
import { attacked, CLIENT_FAULTS } from './hostile-server.js'
import type { Scenario } from './scenario.js'

/** A part of an action, which is a blob and so whatever somebody made it; and all that has to be stored for it. */
type Content = readonly [what: string, blobs: fc.Arbitrary<readonly TestBlob[]>]

const directory = new reapi.Directory()
  .setFilesList([file('a', blobOf('content')), file('b', blobOf('content'))])
  .setSymlinksList([new reapi.SymlinkNode().setName('c').setTarget('a')])
const command = new reapi.Command()
  .setArgumentsList(['/bin/true'])
  .setEnvironmentVariablesList([new reapi.Command.EnvironmentVariable().setName('PATH').setValue('/bin')])
  .setOutputPathsList(['out', 'a/b'])

/** The Action comes first; it says how long it may run, as far as it is still an Action. */
const contents: readonly Content[] = [
  [
    'Action',
    hostileBytes(actionOf(blobOf(command.serializeBinary()), blobOf(directory.serializeBinary())).bytes).map(one),
  ],
  ['Command', hostileBytes(command.serializeBinary()).map((bytes) => withCommand(blobOf(bytes)))],
  ['Directory', hostileBytes(directory.serializeBinary()).map((bytes) => withDirectory(blobOf(bytes)))],
  [
    'Command of nonsense',
    fc
      .tuple(fc.array(name, { maxLength: 3 }), fc.array(name, { maxLength: 3 }), name, fc.array(name, { maxLength: 3 }))
      .map(([argv, outputs, workingDirectory, variables]) =>
        new reapi.Command()
          .setArgumentsList(argv)
          .setOutputPathsList(outputs)
          .setOutputDirectoriesList(outputs)
          .setWorkingDirectory(workingDirectory)
          .setEnvironmentVariablesList(
            variables.map((text) => new reapi.Command.EnvironmentVariable().setName(text).setValue(text)),
          ),
      )
      .map((message) => withCommand(blobOf(message.serializeBinary()))),
  ],
  [
    'Directory of nonsense',
    fc
      .tuple(fc.array(name, { maxLength: 4 }), fc.array(name, { maxLength: 2 }))
      .map(([names, links]) =>
        new reapi.Directory()
          .setFilesList(names.map((text) => file(text, blobOf('content'))))
          .setSymlinksList(links.map((text) => new reapi.SymlinkNode().setName(text).setTarget(text)))
          .setDirectoriesList(
            links.map((text) => new reapi.DirectoryNode().setName(text).setDigest(digestOf(blobOf(new Uint8Array(0))))),
          ),
      )
      .map((message) => withDirectory(blobOf(message.serializeBinary()))),
  ],
]

/** Messages of two bytes, 1.5 million of them: as many objects, if somebody made them. */
const MANY = Buffer.alloc(3_000_000, Buffer.from('1200', 'hex'))
const floods: Readonly<Record<string, readonly TestBlob[]>> = {
  'Action of many fields': one(MANY.subarray(0, 1_000_000)),
  'Command of many fields': withCommand(blobOf(MANY)),
  'Directory of many fields': withDirectory(blobOf(MANY)),
}

/** Actions whose parts are not what they should be: executed, listed as trees, stored as results; always the client's fault. */
export const hostileBlobs: Scenario = {
  name: 'hostile-blobs',
  about:
    'Actions, Commands and Directories that are garbage, mutated or nonsense: refused for what they are, nothing left',
  rounds: 300,
  run: ({ seed, rounds, log }) =>
    attacked(async ({ server, problems }) => {
      const codes = new Map<number, number>()
      using connection = await Connection.open(server.port)
      for (const [what, blobs] of contents) {
        const property = fc.asyncProperty(blobs, async (all) => {
          const code = await codeOf(connection, all)
          codes.set(code, (codes.get(code) ?? 0) + 1)
          if (!CLIENT_FAULTS.has(code) && code !== TIMED_OUT) throw new Error(`code ${code}`)
        })
        const result = await fc.check(property, { seed, numRuns: rounds })
        if (!result.failed) continue
        const parts = (result.counterexample?.[0] ?? []).map(({ bytes }) => Buffer.from(bytes).toString('hex'))
        problems.push(`${what} ${parts.join(' ').slice(0, 600)}: ${result.errorInstance}`)
      }
      for (const [what, blobs] of Object.entries(floods)) {
        const code = await codeOf(connection, blobs)
        codes.set(code, (codes.get(code) ?? 0) + 1)
        if (!CLIENT_FAULTS.has(code)) problems.push(`${what}: code ${code}`)
      }
      for (const [code, count] of codes) log(`code ${code}: ${count}`)
      return { actions: [...codes.values()].reduce((sum, count) => sum + count, 0), 'different codes': codes.size }
    }),
}

/** A mutated command may still be one, and take its time. */
const TIMED_OUT = 4

async function codeOf(connection: Connection, blobs: readonly TestBlob[]): Promise<number> {
  await store(connection, [...blobs, blobOf('content')])
  const [action] = blobs
  if (action === undefined) throw new Error('there is no action')
  const root = new reapi.GetTreeRequest().setRootDigest(digestOf(blobs.at(-1) ?? action))
  const { ending } = await connection.ask(paths.getTree, root.serializeBinary())
  if (!CLIENT_FAULTS.has(ending.code ?? -1)) throw new Error(`GetTree ended with ${JSON.stringify(ending)}`)
  const messages = await good(connection, paths.execute, executeRequest(action))
  return executed(messages).getStatus()?.getCode() ?? 0
}

function one(bytes: Uint8Array): TestBlob[] {
  return [blobOf(bytes)]
}

function withCommand(blob: TestBlob): TestBlob[] {
  const root = blobOf(directory.serializeBinary())
  return [actionOf(blob, root), blob, root]
}

function withDirectory(blob: TestBlob): TestBlob[] {
  const commandBlob = blobOf(command.serializeBinary())
  return [actionOf(commandBlob, blob), commandBlob, blob]
}

function actionOf(commandBlob: TestBlob, root: TestBlob): TestBlob {
  const action = new reapi.Action()
    .setCommandDigest(digestOf(commandBlob))
    .setInputRootDigest(digestOf(root))
    .setTimeout(reapi.durationFromMillis(1000))
  return blobOf(action.serializeBinary())
}

function file(fileName: string, blob: TestBlob): reapi.FileNode {
  return new reapi.FileNode().setName(fileName).setDigest(digestOf(blob))
}

function digestOf({ digest }: TestBlob): reapi.Digest {
  return reapi.toDigestMessage(digest)
}
