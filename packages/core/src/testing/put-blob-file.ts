import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { StoreLayout, sealFile } from '../disk/index.js'
import type { TestBlob } from './blobs.js'

/**
 * Puts a blob's file in place in the directory of a store, where it is not yet. A store that has the directory open learns of
 * it as it learns of what runners put there: it is told, or looks.
 */
export function putBlobFile(dir: string, { digest, bytes }: TestBlob): void {
  const path = new StoreLayout(dir).blob(digest)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, bytes, { flag: 'wx' })
  sealFile(path, 'plain')
}
