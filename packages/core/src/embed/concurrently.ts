/** Does something for every item, at most `width` at a time. The first failure stops new ones from starting and is thrown. */
export async function concurrently<T>(
  items: Iterable<T>,
  width: number,
  action: (item: T) => Promise<void>,
): Promise<void> {
  const iterator = items[Symbol.iterator]()
  let failed = false
  const lane = async () => {
    for (let next = iterator.next(); !next.done && !failed; next = iterator.next()) {
      try {
        await action(next.value)
      } catch (error) {
        failed = true
        throw error
      }
    }
  }
  const results = await Promise.allSettled(Array.from({ length: width }, lane))
  for (const result of results) if (result.status === 'rejected') throw result.reason
}
