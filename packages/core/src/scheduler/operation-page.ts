import { GoregoError } from '../errors/index.js'
import type { OperationState } from './operation.js'
import type { OperationRecord } from './operation-record.js'
import type { ListOptions, OperationPage } from './scheduler.js'

const DEFAULT_PAGE_SIZE = 100
const MAX_PAGE_SIZE = 1000

/** OP-02: a page of operations, which come in the order of their creation. A token is the number of the last one on the page before. */
export function pageOf(records: Iterable<OperationRecord>, options: ListOptions): OperationPage {
  const { pageSize = 0, pageToken = '', maxResultBytes = Number.POSITIVE_INFINITY } = options
  if (pageSize < 0) throw new GoregoError('invalid-argument', `page_size is ${pageSize}: want 0 or more`)
  if (!/^\d{0,15}$/.test(pageToken)) {
    throw new GoregoError('invalid-argument', 'page_token is not one that an earlier page gave out')
  }
  const after = pageToken === '' ? -1 : Number(pageToken)
  const limit = Math.min(pageSize || DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE)
  const page: OperationRecord[] = []
  let resultBytes = 0
  for (const record of records) {
    if (record.sequence <= after || !isWanted(record.state, options)) continue
    if (page.length === limit || resultBytes >= maxResultBytes) {
      return { operations: page.map((each) => each.state), nextPageToken: String(page.at(-1)?.sequence) }
    }
    page.push(record)
    resultBytes += record.state.outcome?.result?.length ?? 0
  }
  return { operations: page.map((each) => each.state) }
}

function isWanted(state: OperationState, { done, instance }: ListOptions): boolean {
  return (
    (done === undefined || done === (state.stage === 'completed')) &&
    (instance === undefined || instance === state.instance)
  )
}
