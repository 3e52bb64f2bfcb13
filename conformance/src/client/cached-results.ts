// Action results, as a client that only caches makes them.
import { type Digest, reapi } from '@gorego/core'
import { type BuiltAction, buildAction, type TestBlob } from '@gorego/core/testing'
import { uploadAction } from './actions.js'
import { digestMessage } from './calls.js'
import type { RawClient } from './raw-client.js'

/** An action that nobody executes; its Action, Command and input root are stored, as some caches demand (AC-09). */
export async function storedAction(client: RawClient, salt: string): Promise<BuiltAction> {
  const action = buildAction({ argv: ['/bin/true'], salt })
  await uploadAction(client, action)
  return action
}

export function outputFile(path: string, { digest }: Pick<TestBlob, 'digest'>): reapi.OutputFile {
  return new reapi.OutputFile().setPath(path).setDigest(digestMessage(digest))
}

export function resultOf(...files: reapi.OutputFile[]): reapi.ActionResult {
  return new reapi.ActionResult().setOutputFilesList(files)
}

export function outputDirectory(path: string, tree: Digest): reapi.OutputDirectory {
  return new reapi.OutputDirectory().setPath(path).setTreeDigest(digestMessage(tree))
}

export const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString()
