import type { Http2Session, ServerHttp2Stream } from 'node:http2'

const MIB = 1024 * 1024

/**
 * What a stream may send before we have taken it: near clients, and far ones. Whatever a stream sends that is not read is
 * held in memory, up to this.
 */
export const NARROW_WINDOW = 4 * MIB
export const WIDE_WINDOW = 32 * MIB

/** Far away is so far: with each millisecond of a round trip the window becomes wider by this. */
const WINDOW_A_MS = 1.6 * MIB

/** What all uploads of a connection together may have sent before we have taken it, but for what narrow windows allow. */
const UPLOADS_OF_A_SESSION = 64 * MIB

/** Of a whole connection. Node gives it back at once, read or not: it bounds no memory and must only not be in the way. */
const SESSION_WINDOW = 64 * MIB

/** A busy process is late to see an answer; the quickest of so many counts. */
const PINGS = 5

/**
 * How much a client may send ahead. Node has one window for all streams of a connection, told in its settings, and these may
 * change at any time: it is as wide as the line is long (half of it has to come before we allow more, so 32 MiB are good for
 * 800 MB/s over a round trip of 20 ms), and narrower the more uploads share it.
 */
export class ReceiveWindow {
  readonly #session: Http2Session
  /** What the client was told. */
  #told = NARROW_WINDOW
  /** Whether the client has yet to say that it knows. Until then it is told nothing else, and one that never does never. */
  #telling = false
  #roundTripMs = Number.POSITIVE_INFINITY
  #pings = 0
  #uploads = 0

  private constructor(session: Http2Session) {
    this.#session = session
  }

  /** Of a connection that opens with narrow windows. */
  static open(session: Http2Session): ReceiveWindow {
    const window = new ReceiveWindow(session)
    // A connection that is gone before we get to it has no window to widen.
    if (!session.destroyed) {
      session.setLocalWindowSize(SESSION_WINDOW)
      window.#ping()
    }
    return window
  }

  /** Counts an upload, for as long as it takes. */
  count(upload: ServerHttp2Stream): void {
    this.#uploads++
    upload.once('close', () => {
      this.#uploads--
      this.#tell()
    })
    this.#tell()
  }

  #ping(): void {
    if (this.#isGone) return
    this.#session.ping((error, ms) => {
      if (error) return
      this.#roundTripMs = Math.min(this.#roundTripMs, ms)
      if (streamWindow(this.#roundTripMs, 1) > NARROW_WINDOW && ++this.#pings < PINGS) this.#ping()
      else this.#tell()
    })
  }

  #tell(): void {
    const window = streamWindow(this.#roundTripMs, this.#uploads)
    if (window === this.#told || this.#telling || this.#isGone) return
    this.#told = window
    this.#telling = true
    this.#session.settings({ initialWindowSize: window }, () => {
      this.#telling = false
      this.#tell()
    })
  }

  get #isGone(): boolean {
    return this.#session.destroyed || this.#session.closed
  }
}

/** For each of so many uploads of a connection. Doubles of the narrow window, so that it does not change with each upload. */
export function streamWindow(roundTripMs: number, uploads: number): number {
  const wanted = Math.min(WIDE_WINDOW, roundTripMs * WINDOW_A_MS, UPLOADS_OF_A_SESSION / Math.max(1, uploads))
  let window = NARROW_WINDOW
  while (window < wanted) window *= 2
  return window
}
