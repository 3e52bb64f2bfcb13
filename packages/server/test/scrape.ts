import * as assert from 'uvu/assert'
import type { ServerRig } from './server-rig.js'

/** Value of each series, by its name with labels as Prometheus writes them. */
export async function scrape(rig: ServerRig): Promise<Map<string, number>> {
  const response = await fetch(`http://${rig.server.httpAddress}/metrics`)
  assert.is(response.status, 200)
  assert.match(response.headers.get('content-type') ?? '', /^text\/plain; version=/)
  const lines = (await response.text()).split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  return new Map(
    lines.map((line) => {
      const [, series = '', value] = /^(\S+(?:\{.*\})?) (\S+)$/.exec(line) ?? []
      assert.is.not(series, '', line)
      return [series, Number(value)]
    }),
  )
}
