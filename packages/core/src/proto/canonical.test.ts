// The golden bytes come from protoc --encode --deterministic_output, not from google-protobuf.

import { createHash } from 'node:crypto'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { compareUtf8, encodeDirectory, encodeTree } from './canonical.js'
import {
  ActionResult,
  Any,
  Command,
  Digest,
  Directory,
  DirectoryNode,
  Duration,
  ExecutedActionMetadata,
  FileNode,
  NodeProperties,
  NodeProperty,
  OutputDirectory,
  OutputFile,
  OutputSymlink,
  Platform,
  SymlinkNode,
  Timestamp,
  Tree,
  UInt32Value,
} from './messages.js'

const emptyHash = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'
const fooHash = '2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae'

test('DIG-08: a Directory in any order gives the golden bytes', () => {
  const shuffled = new Directory()
    .setFilesList([
      file('\u{1f600}', fooHash, 3),
      file('\ufffd', fooHash, 3),
      file('a', fooHash, 3),
      file('B', emptyHash, 0)
        .setIsExecutable(true)
        .setNodeProperties(
          properties(['b', '0'], ['a', '2'], ['a', '1'])
            .setMtime(new Timestamp().setSeconds(1).setNanos(2))
            .setUnixMode(new UInt32Value().setValue(0o755)),
        ),
    ])
    .setDirectoriesList([directory('e'), directory('d')])
    .setSymlinksList([
      new SymlinkNode().setName('m').setTarget('a'),
      new SymlinkNode()
        .setName('l')
        .setTarget('../a')
        .setNodeProperties(properties(['z', ''], ['x', 'y'])),
    ])
    .setNodeProperties(properties(['q', ''], ['p', '']))

  const bytes = encodeDirectory(shuffled)
  assert.is(bytes.length, 534)
  assert.is(sha256(bytes), '89828e5ac54dc52f47f8427ca883e23f4cd5d522284cc615b5a88dc3fb282d65')

  const again = Directory.deserializeBinary(bytes)
  assert.equal(
    again.getFilesList().map((node) => node.getName()),
    ['B', 'a', '\ufffd', '\u{1f600}'],
  )
  assert.is(sha256(encodeDirectory(again)), sha256(bytes))
})

test('DIG-08: the empty Directory is the empty blob', () => {
  assert.is(sha256(encodeDirectory(new Directory())), emptyHash)
})

test('DIG-08: ActionResult is written in tag order', () => {
  const symlink = (path: string) => new OutputSymlink().setPath(path).setTarget('t')
  const result = new ActionResult()
    .setOutputSymlinksList([symlink('s')])
    .setOutputDirectorySymlinksList([symlink('s2')])
    .setOutputFileSymlinksList([symlink('s1')])
    .setExecutionMetadata(
      new ExecutedActionMetadata()
        .setVirtualExecutionDuration(new Duration().setNanos(1000))
        .setAuxiliaryMetadataList([new Any().setTypeUrl('type.googleapis.com/x.Y').setValue(Buffer.from('z'))])
        .setOutputUploadCompletedTimestamp(new Timestamp().setSeconds(1_700_000_001))
        .setQueuedTimestamp(new Timestamp().setSeconds(1_700_000_000).setNanos(5))
        .setWorker('w'),
    )
    .setStderrDigest(digest('cc', 5_000_000_000))
    .setStdoutRaw(Buffer.from('hi'))
    .setExitCode(-1)
    .setOutputDirectoriesList([
      new OutputDirectory()
        .setPath('d')
        .setTreeDigest(digest('aa', 70_000))
        .setIsTopologicallySorted(true)
        .setRootDirectoryDigest(digest('bb', 1)),
    ])
    .setOutputFilesList([
      new OutputFile()
        .setPath('out/f')
        .setDigest(digest('2c26', 3))
        .setIsExecutable(true)
        .setContents(Buffer.from('foo')),
    ])
  assert.is(
    hex(result.serializeBinary()),
    '12180a056f75742f6612080a0432633236100320012a03666f6f1a170a01641a080a02616110f0a20420012a060a02626210' +
      '0120ffffffffffffffffff012a026869420a0a0263631080e497d0124a380a017712080880e2cfaa06100552060881e2cfaa' +
      '065a1c0a17747970652e676f6f676c65617069732e636f6d2f782e5912017a620310e80752070a0273311201745a070a0273' +
      '3212017462060a0173120174',
  )
})

test('DIG-08: Command is written in tag order', () => {
  const command = new Command()
    .setOutputDirectoryFormat(Command.OutputDirectoryFormat.DIRECTORY_ONLY)
    .addOutputNodeProperties('mtime')
    .addOutputPaths('o')
    .setWorkingDirectory('w')
    .setPlatform(new Platform().setPropertiesList([new Platform.Property().setName('os').setValue('linux')]))
    .setEnvironmentVariablesList([new Command.EnvironmentVariable().setName('A').setValue('b')])
    .addArguments('sh')
  assert.is(
    hex(command.serializeBinary()),
    '0a02736812060a01411201622a0d0a0b0a026f7312056c696e75783201773a016f42056d74696d654801',
  )
})

test('DIG-08: unknown fields and explicit default values do not survive', () => {
  // size_bytes: 0 written out, and a string in field 99.
  const read = Digest.deserializeBinary(Buffer.from('0a0161' + '1000' + '9a060178', 'hex'))
  assert.is(hex(read.serializeBinary()), '0a0161')
})

test('DIG-08: a Tree made of serialized directories is what a Tree message gives', () => {
  const small = new Directory().setFilesList([new FileNode().setName('a')])
  const empty = new Directory()
  for (const nameLength of [100, 130, 20_000]) {
    const big = new Directory().setFilesList([new FileNode().setName('b'.repeat(nameLength))])
    assert.is(
      hex(encodeTree(encodeDirectory(small), [encodeDirectory(empty), encodeDirectory(big)])),
      hex(new Tree().setRoot(small).setChildrenList([empty, big]).serializeBinary()),
    )
  }
  assert.is(hex(encodeTree(new Uint8Array(0), [])), hex(new Tree().setRoot(empty).serializeBinary()))
})

test('compareUtf8 orders as the bytes do', () => {
  const names = ['', 'A', 'B', 'a', 'a-b', 'a.b', 'a/b', 'ab', 'b', '\x7f', 'é', 'e\u0301', 'ß', '\ud7ff', '\ue000']
  names.push(
    '\uffff',
    '\ufffd',
    '\u{10000}',
    '\u{1f600}',
    '\u{10ffff}',
    'a\u{1f600}',
    'a\uffff',
    '\u{1f600}a',
    '\u{1f601}',
  )
  for (const a of names) {
    for (const b of names) {
      assert.is(Math.sign(compareUtf8(a, b)), Buffer.compare(Buffer.from(a), Buffer.from(b)), JSON.stringify([a, b]))
    }
  }
})

function file(name: string, hash: string, size: number): FileNode {
  return new FileNode().setName(name).setDigest(digest(hash, size))
}

function directory(name: string): DirectoryNode {
  return new DirectoryNode().setName(name).setDigest(digest(emptyHash, 0))
}

function digest(hash: string, size: number): Digest {
  return new Digest().setHash(hash).setSizeBytes(size)
}

function properties(...pairs: [name: string, value: string][]): NodeProperties {
  return new NodeProperties().setPropertiesList(
    pairs.map(([name, value]) => new NodeProperty().setName(name).setValue(value)),
  )
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}

test.run()
