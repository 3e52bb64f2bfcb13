import type { Curve } from './curve.js'
import { clientsCurve } from './grow-clients.js'
import { queueCurve } from './grow-queue.js'
import { storeCurve } from './grow-store.js'
import { treeCurve } from './grow-tree.js'

export const curves: readonly Curve[] = [treeCurve, clientsCurve, queueCurve, storeCurve]
