import { availableParallelism, cpus, release, totalmem, type } from 'node:os'

export interface Machine {
  readonly cpus: number
  readonly model: string
  readonly memoryGb: number
  readonly system: string
  readonly node: string
  readonly date: string
}

export function thisMachine(): Machine {
  return {
    cpus: availableParallelism(),
    model: cpus()[0]?.model.trim() ?? 'unknown',
    memoryGb: Math.round(totalmem() / 1e9),
    system: `${type()} ${release()}`,
    node: process.version,
    date: new Date().toISOString().slice(0, 10),
  }
}

export function machineLine({ cpus, model, memoryGb, system, node, date }: Machine): string {
  return `${cpus} CPUs (${model}), ${memoryGb} GB, ${system}, Node ${node}, ${date}`
}
