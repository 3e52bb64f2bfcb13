/** Runs the jobs, `width` of them at a time, in their order; resolves to their results in the order in which they ended. */
export async function pool(jobs, width) {
  const waiting = [...jobs]
  const results = []
  const lane = async () => {
    for (let job = waiting.shift(); job; job = waiting.shift()) results.push(await job())
  }
  await Promise.all(Array.from({ length: width }, lane))
  return results
}
