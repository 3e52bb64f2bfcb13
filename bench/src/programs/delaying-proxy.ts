/**
 * A long line: a TCP proxy that passes on everything unchanged and in order, later by some milliseconds in each direction, at
 * any rate. Arguments: the milliseconds, and the address that it leads to. Sends its own address when it is ready.
 */
import { connect, createServer, type Socket } from 'node:net'

/** What may be under way in one direction. More stops the sender: a line this long and this fast would not be one. */
const UNDER_WAY_BYTES = 256 * 1024 * 1024

const [delayMs = 0, target = ''] = [Number(process.argv[2]), process.argv[3]]
const [, host = '', port = ''] = /^(.*):(\d+)$/.exec(target) ?? []

interface Part {
  readonly dueAt: number
  /** Undefined for the end. */
  readonly bytes: Buffer | undefined
}

function delay(from: Socket, to: Socket): void {
  const underWay: Part[] = []
  let bytesUnderWay = 0
  let timer: NodeJS.Timeout | undefined

  const arrive = () => {
    timer = undefined
    const now = performance.now()
    while (underWay[0] !== undefined && underWay[0].dueAt <= now) {
      const { bytes } = underWay.shift() as Part
      if (bytes === undefined) {
        to.end()
        return
      }
      bytesUnderWay -= bytes.length
      if (from.isPaused() && bytesUnderWay < UNDER_WAY_BYTES / 2) from.resume()
      if (!to.write(bytes)) {
        to.once('drain', arrive)
        return
      }
    }
    const [next] = underWay
    if (next !== undefined) timer = setTimeout(arrive, next.dueAt - now)
  }
  const send = (bytes: Buffer | undefined) => {
    underWay.push({ dueAt: performance.now() + delayMs, bytes })
    bytesUnderWay += bytes?.length ?? 0
    if (bytesUnderWay >= UNDER_WAY_BYTES) from.pause()
    if (timer === undefined && to.listenerCount('drain') === 0) timer = setTimeout(arrive, delayMs)
  }
  from.on('data', send)
  from.once('end', () => send(undefined))
  from.once('close', () => {
    if (from.errored) to.destroy()
  })
  from.on('error', () => {})
  to.once('close', () => clearTimeout(timer))
}

const server = createServer({ allowHalfOpen: true, noDelay: true }, (near) => {
  const far = connect({ host, port: Number(port), allowHalfOpen: true, noDelay: true })
  delay(near, far)
  delay(far, near)
})
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  if (typeof address === 'object') process.send?.({ address: `127.0.0.1:${address?.port}` })
})
process.on('disconnect', () => process.exit(0))
