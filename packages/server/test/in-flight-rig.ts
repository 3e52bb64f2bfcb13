import { type ClientHttp2Session, type ClientHttp2Stream, connect, type OutgoingHttpHeaders } from 'node:http2'
import { createConnection } from 'node:net'
import { join } from 'node:path'
import { paths, RawClient } from '@gorego/conformance/client'
import { type Digest, LocalStore, MemoryStore, reapi, silentLogger } from '@gorego/core'
import { type TestBlob, temporaryDirectory } from '@gorego/core/testing'
import { InFlight, type InFlightOptions } from '../src/clients/in-flight.js'
import { byteStreamService } from '../src/services/byte-stream.js'
import { contentAddressableStorageService } from '../src/services/content-addressable-storage.js'
import { type ListeningServer, listen } from '../src/wire/grpc-server.js'
import { dialectOf } from './dialect.js'

/** A store that can be shut for blobs of a size, and notes the most that clients had in memory whenever it was asked for anything. */
class GuardedStore extends MemoryStore {
  readonly #note: () => void
  #shut: { readonly fromBytes: number; readonly open: Promise<void> } | undefined
  #open = () => {}

  constructor(note: () => void) {
    super()
    this.#note = note
  }

  /** What is asked about blobs of so many bytes and more has no answer until it is opened. */
  shut(fromBytes: number): void {
    const open = new Promise<void>((resolve) => {
      this.#open = resolve
    })
    this.#shut = { fromBytes, open }
  }

  open(): void {
    this.#shut = undefined
    this.#open()
  }

  override async findMissing(digests: readonly Digest[]): Promise<Digest[]> {
    for (const digest of digests) await this.#pass(digest)
    return await super.findMissing(digests)
  }

  override async get(digest: Digest): Promise<Uint8Array> {
    await this.#pass(digest)
    return await super.get(digest)
  }

  override async *read(...args: Parameters<MemoryStore['read']>): AsyncGenerator<Uint8Array> {
    for await (const chunk of super.read(...args)) {
      this.#note()
      yield chunk
    }
  }

  override async write(...args: Parameters<MemoryStore['write']>): Promise<void> {
    await this.#pass(args[0])
    await super.write(...args)
  }

  async #pass({ sizeBytes }: Digest): Promise<void> {
    this.#note()
    if (this.#shut !== undefined && sizeBytes >= this.#shut.fromBytes) await this.#shut.open
  }
}

/** A server for blobs, each connection to which is a client of its own, and what it has in memory for them. */
export class InFlightRig implements AsyncDisposable {
  readonly store: GuardedStore
  readonly inFlight: InFlight
  /** The most that was held whenever anybody looked. */
  readonly most = { up: 0, down: 0 }
  readonly #directory = temporaryDirectory()
  #local: LocalStore | undefined
  #server: ListeningServer | undefined

  private constructor(options: InFlightOptions) {
    this.inFlight = new InFlight(options)
    this.store = new GuardedStore(() => this.note())
  }

  static async start(options: InFlightOptions): Promise<InFlightRig> {
    const rig = new InFlightRig(options)
    const { path } = rig.#directory
    rig.#local = await LocalStore.open({ dir: join(path, 'store') })
    const cas = { ...dialectOf(), cas: rig.store, maxBlobBytes: 1e9 }
    rig.#server = await listen({
      listenAddr: `unix:${join(path, 'socket')}`,
      services: [byteStreamService({ ...cas, uploads: rig.#local.uploads }), contentAddressableStorageService(cas)],
      logger: silentLogger,
      inFlight: rig.inFlight,
    })
    return rig
  }

  connect(): RawClient {
    return new RawClient(this.#server?.address ?? '')
  }

  /** A client that takes 64 KiB of each download and then nothing until it is read; one of grpc-js takes everything. */
  connectSlowReader(): SlowReader {
    return new SlowReader(join(this.#directory.path, 'socket'))
  }

  note(): void {
    this.most.up = Math.max(this.most.up, this.inFlight.heldBytes('up'))
    this.most.down = Math.max(this.most.down, this.inFlight.heldBytes('down'))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.store.open()
    await this.#server?.stop(0)
    this.#local?.[Symbol.dispose]()
    this.#directory[Symbol.dispose]()
  }
}

/** A connection of HTTP/2 for downloads. */
export class SlowReader implements Disposable {
  readonly #session: ClientHttp2Session

  constructor(socket: string) {
    this.#session = connect('http://localhost', { createConnection: () => createConnection(socket) })
  }

  read({ digest }: TestBlob, headers: OutgoingHttpHeaders = {}): ClientHttp2Stream {
    const stream = this.#session.request({
      ':method': 'POST',
      ':path': paths.read,
      'content-type': 'application/grpc',
      te: 'trailers',
      ...headers,
    })
    stream.on('error', () => {})
    const message = new reapi.ReadRequest().setResourceName(`blobs/${digest}`).serializeBinary()
    const prefix = Buffer.alloc(5)
    prefix.writeUInt32BE(message.length, 1)
    stream.end(Buffer.concat([prefix, message]))
    return stream
  }

  [Symbol.dispose](): void {
    this.#session.destroy()
  }
}
