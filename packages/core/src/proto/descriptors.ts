import { fileDescriptorSet } from './gen/descriptors.js'
import { fieldsOf, wireFields } from './wire.js'

/** FileDescriptorSet.file on the wire. */
const FILE = 1

/** FileDescriptorProto.name, .package and .dependency; everything that is declared has its name in field 1, too. */
const NAME = 1
const PACKAGE = 2
const IMPORT = 3

type Kind = 'file' | 'message' | 'enum' | 'service' | 'leaf'

/** In which field of its descriptor each kind of thing declares what, from google/protobuf/descriptor.proto. */
const MEMBERS: Readonly<Record<Kind, Readonly<Record<number, Kind>>>> = {
  file: { 4: 'message', 5: 'enum', 6: 'service' },
  // Fields, nested messages, enums, oneofs.
  message: { 2: 'leaf', 3: 'message', 4: 'enum', 8: 'leaf' },
  enum: { 2: 'leaf' },
  service: { 2: 'leaf' },
  leaf: {},
}

interface DescribedFile {
  /** A serialized google.protobuf.FileDescriptorProto. */
  readonly bytes: Uint8Array
  readonly imports: readonly string[]
}

/**
 * What the .proto files say, by file and by the full name of whatever they declare. Read straight off the wire: only names
 * matter, and to load google-protobuf's classes for descriptors takes longer than all the rest.
 */
export class Descriptors {
  readonly #files = new Map<string, DescribedFile>()
  /** Messages, enums and their values, fields, services and methods, with the file of each. */
  readonly #symbols = new Map<string, string>()
  readonly #messages = new Set<string>()

  constructor() {
    for (const file of fieldsOf(Buffer.from(fileDescriptorSet, 'base64'), FILE)) this.#add(file)
  }

  /** A file, by the path that imports use, and every file that it needs, each serialized; undefined if there is none. */
  file(path: string): readonly Uint8Array[] | undefined {
    return this.#files.has(path) ? [...this.#withImports(path, new Map()).values()] : undefined
  }

  /** The same of the file that declares something. */
  fileWith(symbol: string): readonly Uint8Array[] | undefined {
    return this.file(this.#symbols.get(symbol) ?? '')
  }

  isMessage(name: string): boolean {
    return this.#messages.has(name)
  }

  #withImports(path: string, found: Map<string, Uint8Array>): Map<string, Uint8Array> {
    const file = this.#files.get(path)
    if (file === undefined || found.has(path)) return found
    found.set(path, file.bytes)
    for (const needed of file.imports) this.#withImports(needed, found)
    return found
  }

  #add(bytes: Uint8Array): void {
    const path = firstText(bytes, NAME)
    const imports = Array.from(fieldsOf(bytes, IMPORT), (needed) => Buffer.from(needed).toString())
    this.#files.set(path, { bytes, imports })
    this.#declareMembers('file', bytes, firstText(bytes, PACKAGE), path)
  }

  #declareMembers(kind: Kind, bytes: Uint8Array, scope: string, path: string): void {
    for (const field of wireFields(bytes)) {
      const member = MEMBERS[kind][field.number]
      if (member === undefined || field.bytes === undefined) continue
      const name = `${scope}.${firstText(field.bytes, NAME)}`
      this.#symbols.set(name, path)
      if (member === 'message') this.#messages.add(name)
      // Values are named beside their enum, not in it.
      this.#declareMembers(member, field.bytes, member === 'enum' ? scope : name, path)
    }
  }
}

function firstText(message: Uint8Array, number: number): string {
  for (const bytes of fieldsOf(message, number)) return Buffer.from(bytes).toString()
  return ''
}
