/** The elements one after the other, again and again. */
export function pick<T>(list: readonly T[], number: number): T {
  const element = list[number % list.length]
  if (element === undefined) throw new Error('there is nothing to pick from')
  return element
}
