import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Digest, SHA256 } from '../digest/index.js'
import { decode } from '../proto/decode.js'
import { fromDigestMessage, toDigestMessage } from '../proto/digests.js'
import { Directory, DirectoryNode, FileNode, NodeProperties, SymlinkNode, UInt32Value } from '../proto/messages.js'
import { varintLength, writeVarint } from '../proto/varint.js'
import { readDirectoryNodes } from './directory-nodes.js'

const digest = fc
  .record({ content: fc.string({ maxLength: 3 }), sizeBytes: fc.maxSafeNat() })
  .map(({ content, sizeBytes }) => Digest.of(SHA256, SHA256.hash(Buffer.from(content)), sizeBytes))
const properties = fc.option(
  fc.nat(0xffffffff).map((mode) => new NodeProperties().setUnixMode(new UInt32Value().setValue(mode))),
  { nil: undefined },
)
const name = fc.string({ unit: 'grapheme', maxLength: 8 })
const node = fc.record({
  name,
  digest: fc.option(digest, { nil: undefined }),
  executable: fc.boolean(),
  target: name,
  properties,
})
const nodes = fc.array(node, { maxLength: 5 })

const parts = fc.record({ files: nodes, directories: nodes, symlinks: nodes, own: properties })

type Parts = typeof parts extends fc.Arbitrary<infer T> ? T : never

function messageOf({ files, directories, symlinks, own }: Parts): Directory {
  const message = new Directory().setNodeProperties(own)
  for (const { name, digest, executable, properties } of files) {
    const file = new FileNode().setName(name).setIsExecutable(executable).setNodeProperties(properties)
    message.addFiles(file.setDigest(digest && toDigestMessage(digest)))
  }
  for (const { name, digest } of directories)
    message.addDirectories(new DirectoryNode().setName(name).setDigest(digest && toDigestMessage(digest)))
  for (const { name, target, properties } of symlinks)
    message.addSymlinks(new SymlinkNode().setName(name).setTarget(target).setNodeProperties(properties))
  return message
}

test('what a Directory says is read', () => {
  fc.assert(
    fc.property(parts, (all) => {
      const { files, directories, symlinks, own } = all
      const { digest, read } = readBack(messageOf(all).serializeBinary())
      const plain = { digest: undefined, executable: false, target: '', properties: undefined }
      assert.equal(comparable(read(digest)), {
        files: files.map((file) => comparableNode({ ...file, target: '' })),
        directories: directories.map(({ name, digest }) => comparableNode({ ...plain, name, digest })),
        symlinks: symlinks.map(({ name, target, properties }) =>
          comparableNode({ ...plain, name, target, properties }),
        ),
        properties: own?.toObject(),
      })
    }),
  )
})

/** Things of a kind that are sent as one, with what else there may be between. */
const odd = fc.oneof(
  { weight: 6, arbitrary: fc.constant(new Uint8Array()) },
  // Fields that nobody knows, numbers where there should be none, and anything else.
  { weight: 2, arbitrary: fc.constantFrom([0x78, 1], [0x7a, 2, 0xff, 0xff], [0x10, 1], [0x20, 2], [0x30, 1]) },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 4 }) },
)
const piece = fc.record({ kind: fc.constantFrom('files', 'directories', 'symlinks', 'own'), parts, odd })

function piecesOf(kind: keyof Parts, parts: Parts): Uint8Array[] {
  if (kind === 'own') return parts.own === undefined ? [] : [parts.own.serializeBinary()]
  const message = messageOf(parts)
  const lists = {
    files: message.getFilesList(),
    directories: message.getDirectoriesList(),
    symlinks: message.getSymlinksList(),
  }
  return lists[kind].map((node) => node.serializeBinary())
}

test('a Directory that is put together oddly is read as google-protobuf reads it, or refused', () => {
  const tags = { files: 0x0a, directories: 0x12, symlinks: 0x1a, own: 0x2a }
  let both = 0
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 4 }), odd, (pieces, rest) => {
      const fields = pieces.map(({ kind, parts, odd }) =>
        field(tags[kind], Buffer.concat([...piecesOf(kind, parts), Buffer.from(odd)])),
      )
      const bytes = Buffer.concat([...fields, Buffer.from(rest)])
      const { digest, read } = readBack(bytes)
      const [ours, theirs] = [ifRead(() => read(digest)), ifRead(() => decode(Directory, bytes, 'it'))]
      if (theirs === undefined) assert.is(ours, undefined, 'read, and is no Directory')
      if (ours === undefined || theirs === undefined) return
      assert.equal(comparable(ours), comparableMessage(theirs))
      both++
    }),
    { numRuns: 1000 },
  )
  assert.ok(both > 300, `${both} of them were read`)
})

test('of what comes twice the last counts, and what nobody knows is passed over', () => {
  const digests = ['one', 'two'].map((text) => Digest.ofBytes(SHA256, Buffer.from(text)))
  const nodes = digests.map((digest, n) =>
    new FileNode().setName(`${n}`).setDigest(toDigestMessage(digest)).serializeBinary(),
  )
  // Field 15, a varint.
  const unknown = Buffer.from([0x78, 1])
  const node = Buffer.concat([...nodes, unknown])
  // Its length has eight bits.
  const length = [(node.length & 0x7f) | 0x80, node.length >> 7]
  const { digest, read } = readBack(Buffer.concat([Buffer.from([0x0a, ...length]), node, unknown]))
  const { files } = read(digest)
  assert.equal(
    files.map(({ name, digest }) => [name, digest?.key]),
    [['1', digests[1]?.key]],
  )
})

test('EX-08: a Directory has no more fields than a message may, those in properties counted', () => {
  const empty = (tag: number, count: number) => Buffer.alloc(2 * count, Buffer.from([tag, 0]))
  const files = empty(0x0a, 999_000)
  const properties = (tag: number, count: number) => field(tag, empty(0x0a, count))
  const refused = (bytes: Uint8Array) => {
    const { digest, read } = readBack(bytes)
    assert.throws(() => read(digest), /cannot be read: it has more than the 1000000 fields/)
  }
  const { digest, read } = readBack(Buffer.concat([files, properties(0x2a, 900)]))
  assert.is(read(digest).properties?.getPropertiesList().length, 900)
  refused(Buffer.concat([files, empty(0x12, 1001)]))
  refused(Buffer.concat([files, properties(0x2a, 1001)]))
  refused(Buffer.concat([files, field(0x0a, properties(0x32, 1001))]))
  // What nobody knows need be no message, in properties neither.
  const unknown = field(0x2a, Buffer.concat([field(0x7a, Buffer.from('text')), empty(0x0a, 1)]))
  assert.is(readBack(unknown).read(digest).properties?.getPropertiesList().length, 1)
  // A property's name, and its value.
  const named = field(0x2a, Buffer.concat(Array.from({ length: 400 }, () => field(0x0a, empty(0x0a, 2)))))
  refused(Buffer.concat([files, named]))
})

function field(tag: number, content: Uint8Array): Buffer {
  const length = Buffer.alloc(varintLength(content.length))
  writeVarint(length, 0, content.length)
  return Buffer.concat([Buffer.from([tag]), length, content])
}

const REFUSED: Record<string, [Uint8Array, RegExp]> = {
  'the end is missing': [Buffer.from([0x0a, 5, 0x0a]), /not a protobuf message/],
  'a name is a number': [Buffer.from([0x0a, 2, 0x08, 1]), /field 1 has wire type 0/],
  'a name is no UTF-8': [Buffer.from([0x0a, 3, 0x0a, 1, 0xff]), /no UTF-8/],
  'a hash is none': [
    new Directory().setFilesList([new FileNode().setName('a').setDigest(digestMessageOf('zz'))]).serializeBinary(),
    /"zz" is no sha256 hash/,
  ],
}
for (const [what, [bytes, why]] of Object.entries(REFUSED)) {
  test(`EX-08: ${what}: refused with the directory's name`, () => {
    const { digest, read } = readBack(bytes)
    assert.throws(
      () => read(digest),
      (error: Error & { code?: string }) =>
        error.code === 'invalid-argument' &&
        error.message.startsWith(`the input directory ${digest} cannot be read: `) &&
        why.test(error.message),
    )
  })
}

function digestMessageOf(hash: string) {
  return toDigestMessage(Digest.ofBytes(SHA256, new Uint8Array())).setHash(hash)
}

function readBack(bytes: Uint8Array) {
  return { digest: Digest.ofBytes(SHA256, bytes), read: (digest: Digest) => readDirectoryNodes(SHA256, bytes, digest) }
}

type Nodes = ReturnType<typeof readDirectoryNodes>
type Node = Nodes['files'][number]

function comparable({ files, directories, symlinks, properties }: Nodes) {
  const [f, d, s] = [files, directories, symlinks].map((list) => list.map(comparableNode))
  return { files: f, directories: d, symlinks: s, properties: properties?.toObject() }
}

function comparableNode({ digest, properties, ...rest }: Node) {
  return { ...rest, digest: digest?.key, properties: properties?.toObject() }
}

function ifRead<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch (error) {
    assert.is((error as { code?: string }).code, 'invalid-argument', String(error))
    return undefined
  }
}

type Message = FileNode | DirectoryNode | SymlinkNode

function comparableMessage(message: Directory) {
  const node = (each: Message) => {
    const digest = each instanceof SymlinkNode ? undefined : each.getDigest()
    return comparableNode({
      name: each.getName(),
      digest: digest && fromDigestMessage(SHA256, digest, 'it'),
      executable: each instanceof FileNode && each.getIsExecutable(),
      target: each instanceof SymlinkNode ? each.getTarget() : '',
      properties: each instanceof DirectoryNode ? undefined : each.getNodeProperties(),
    })
  }
  return {
    files: message.getFilesList().map(node),
    directories: message.getDirectoriesList().map(node),
    symlinks: message.getSymlinksList().map(node),
    properties: message.getNodeProperties()?.toObject(),
  }
}

test.run()
