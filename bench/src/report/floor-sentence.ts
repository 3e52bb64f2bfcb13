import { figure } from './figure.js'
import type { Row } from './row.js'

/** What of a smallest call is the runtime's and what is ours; undefined unless both were measured. */
export function floorSentence(rows: readonly Row[]): string | undefined {
  const cpu = (name: string) => rows.find(({ workload }) => workload === name)?.serverCpuMs
  const ours = cpu('capabilities')
  const floors = [
    { what: 'a grpc-js server that does nothing', ms: cpu('floor-grpc') },
    { what: "Node's http2 module alone", ms: cpu('floor-http2') },
  ].filter(({ ms }) => ms !== undefined)
  if (ours === undefined || floors.length === 0) return undefined
  const parts = floors.map(({ what, ms = 0 }) => `${what} takes ${figure(ms)}, ours adds ${difference(ours - ms)}`)
  return `Of the ${figure(ours)} ms of CPU that \`capabilities\` costs, ${parts.join('; ')}.`
}

function difference(ms: number): string {
  return ms < 0 ? `−${figure(-ms)}` : figure(ms)
}
