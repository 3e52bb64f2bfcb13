/**
 * DIG-08: equal content must give equal bytes, because the digest of the bytes is its name.
 *
 * google-protobuf does most of it: generated serializers leave out default values, have dropped unknown fields on reading,
 * and write fields in the order of declaration, which in our .proto files is tag order. What is left is the order of
 * lists.
 */

import type { Directory, NodeProperties, NodeProperty } from './messages.js'
import { varintLength, writeVarint } from './varint.js'

/** Orders strings as their UTF-8 bytes are ordered, which is by code point; `<` would go by UTF-16 code unit. */
export function compareUtf8(a: string, b: string): number {
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i)
    const y = b.charCodeAt(i)
    if (x === y) continue
    // Surrogates (0xd800 to 0xdfff) stand for the code points above 0xffff and so come after 0xe000 to 0xffff.
    if (x >= 0xd800 && y >= 0xd800) return rotateSurrogates(x) - rotateSurrogates(y)
    return x - y
  }
  return a.length - b.length
}

/** Brings `directory` into canonical form (in place) and serializes it. */
export function encodeDirectory(directory: Directory): Uint8Array {
  const files = directory.getFilesList()
  const symlinks = directory.getSymlinksList()
  directory.setFilesList(sorted(files, compareNames))
  directory.setDirectoriesList(sorted(directory.getDirectoriesList(), compareNames))
  directory.setSymlinksList(sorted(symlinks, compareNames))

  for (const file of files) sortProperties(file.getNodeProperties())
  for (const symlink of symlinks) sortProperties(symlink.getNodeProperties())
  sortProperties(directory.getNodeProperties())
  return directory.serializeBinary()
}

/**
 * A Tree of directories that are serialized already. The caller decides on the order of children, and lists each of
 * them once.
 */
export function encodeTree(root: Uint8Array, children: readonly Uint8Array[]): Uint8Array {
  let size = 1 + varintLength(root.length) + root.length
  for (const child of children) size += 1 + varintLength(child.length) + child.length

  const out = new Uint8Array(size)
  let at = writeField(out, 0, ROOT_TAG, root)
  for (const child of children) at = writeField(out, at, CHILDREN_TAG, child)
  return out
}

// Field number * 8 + wire type 2 (length-delimited).
const ROOT_TAG = 0x0a
const CHILDREN_TAG = 0x12

function rotateSurrogates(codeUnit: number): number {
  return codeUnit >= 0xe000 ? codeUnit - 0x800 : codeUnit + 0x2000
}

function compareNames(a: { getName(): string }, b: { getName(): string }): number {
  return compareUtf8(a.getName(), b.getName())
}

/** A name may come more than once; then the value decides, so that the bytes do not depend on who wrote them. */
function compareProperties(a: NodeProperty, b: NodeProperty): number {
  return compareNames(a, b) || compareUtf8(a.getValue(), b.getValue())
}

function sortProperties(properties: NodeProperties | undefined): void {
  properties?.setPropertiesList(sorted(properties.getPropertiesList(), compareProperties))
}

/** `list` itself where it is in order already, which most lists are. */
function sorted<T>(list: T[], compare: (a: T, b: T) => number): T[] {
  for (let i = 1; i < list.length; i++) {
    if (compare(list[i - 1] as T, list[i] as T) > 0) return [...list].sort(compare)
  }
  return list
}

function writeField(out: Uint8Array, start: number, tag: number, bytes: Uint8Array): number {
  let at = start
  out[at++] = tag
  at = writeVarint(out, at, bytes.length)
  out.set(bytes, at)
  return at + bytes.length
}
