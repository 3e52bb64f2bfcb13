/** In a ChildProgram: answers orders one after the other, with what `obey` returns or with the error that it throws. */
export function answerOrders<Order>(obey: (order: Order) => Promise<object>): void {
  process.on('disconnect', () => process.exit(0))
  process.on('message', async (order) => {
    process.send?.(await answer(order as Order, obey))
  })
}

async function answer<Order>(order: Order, obey: (order: Order) => Promise<object>): Promise<object> {
  try {
    return await obey(order)
  } catch (error) {
    return { error: (error as Error).message }
  }
}
