import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { writeStoredBlobs } from '../content/stored-blobs.js'
import { type GoregoProcess, startGorego } from '../process/gorego-process.js'
import { HeapProbe } from '../process/heap-probe.js'
import { readProcessTree } from '../process/process-tree.js'
import { rowOf } from '../report/row.js'
import { growStore } from '../workloads/grow-store.js'
import type { Curve, CurveSetting, Point } from './curve.js'
import { cpuOf } from './workload-points.js'

const BLOBS = [1000, 10_000, 100_000, 1_000_000]

export const storeCurve: Curve = {
  name: 'grow-store',
  about: '1,000 to 1,000,000 blobs in the store: start-up, memory, FindMissingBlobs of 1,000 (--dir /dev/shm is quick)',
  xTitle: 'blobs in the store',
  figures: [
    { key: 'readyMs', title: 'ms until it serves' },
    { key: 'restMs', title: 'ms until it is at rest' },
    { key: 'heapMb', title: 'heap MB' },
    { key: 'rssMb', title: 'RSS MB' },
    { key: 'heapBytesPerBlob', title: 'heap bytes a blob' },
    { key: 'findMissingCpuMs', title: 'FindMissing: CPU ms' },
    { key: 'findMissingP50Ms', title: 'FindMissing: p50 ms' },
  ],
  charts: [
    {
      file: 'grow-store-start',
      title: 'Starting on a store with many blobs',
      yTitle: 'ms after the start',
      keys: ['readyMs', 'restMs'],
      proportion: true,
    },
    {
      file: 'grow-store-memory',
      title: 'Memory with many blobs',
      yTitle: 'MB',
      keys: ['heapMb', 'rssMb'],
      proportion: true,
    },
    {
      file: 'grow-store-find-missing',
      title: 'FindMissingBlobs of 1,000 with many blobs',
      yTitle: 'ms a call',
      keys: ['findMissingCpuMs', 'findMissingP50Ms'],
    },
  ],
  async measure(setting, onPoint) {
    const empty = await measureStart(setting, async () => {})
    let written = 0
    for (const blobs of BLOBS.slice(0, setting.points)) {
      await writeStoredBlobs(join(setting.directory, 'data'), written, blobs)
      written = blobs
      onPoint(await measurePoint(blobs, setting, empty.heapBytes))
    }
  },
}

async function measurePoint(blobs: number, setting: CurveSetting, emptyHeapBytes: number): Promise<Point> {
  let find: Record<string, number> = {}
  const { readyMs, restMs, heapBytes, rssBytes } = await measureStart(setting, async ({ address, pid }) => {
    const workload = growStore(blobs)
    const server = async () => ({ address, pid, usage: () => readProcessTree(pid), stop: async () => {} })
    const row = rowOf(workload, await workload.measure({ ...setting, server }))
    find = { ...cpuOf(row, 'findMissingCpuMs'), findMissingP50Ms: row.p50Ms }
  })
  const heapBytesPerBlob = (heapBytes - emptyHeapBytes) / blobs
  return {
    x: blobs,
    values: { readyMs, restMs, heapMb: heapBytes / 1e6, rssMb: rssBytes / 1e6, heapBytesPerBlob, ...find },
  }
}

interface Start {
  readonly readyMs: number
  readonly restMs: number
  /** Before anybody asked for anything, after a garbage collection. */
  readonly heapBytes: number
  readonly rssBytes: number
}

/** Starts a server on what is in the store, waits until it is at rest, reads its memory, and uses it. */
async function measureStart(
  { directory, config }: CurveSetting,
  use: (server: GoregoProcess) => Promise<void>,
): Promise<Start> {
  const started = performance.now()
  const flags = config === undefined ? [] : ['--config', config]
  const probe = new HeapProbe(join(directory, 'heap.json'))
  const server = await startGorego(directory, { flags, nodeFlags: probe.flags, limitSeconds: 600 })
  try {
    const readyMs = performance.now() - started
    const restMs = (await untilAtRest(server.pid, started)) ?? readyMs
    const rssBytes = readProcessTree(server.pid)?.rssBytes ?? 0
    const heapBytes = await probe.read(server.pid)
    await use(server)
    return { readyMs, restMs, heapBytes, rssBytes }
  } finally {
    await server.stop()
  }
}

const LOOK_EVERY_MS = 100
/** No more than this much CPU time in so many looks in a row: whatever is done after the start is done. */
const REST_CPU_MS = 10
const RESTFUL_LOOKS = 5

/** Milliseconds from the start to the beginning of the first rest; undefined where there is no /proc. */
async function untilAtRest(pid: number, started: number): Promise<number | undefined> {
  const cpu = () => readProcessTree(pid)?.cpuMs
  let restful = 0
  let before = cpu()
  let since = performance.now()
  while (before !== undefined && restful < RESTFUL_LOOKS) {
    await sleep(LOOK_EVERY_MS)
    const after = cpu()
    if (after === undefined || after - before > REST_CPU_MS) {
      restful = 0
      since = performance.now()
    } else restful++
    before = after
  }
  return before === undefined ? undefined : since - started
}
