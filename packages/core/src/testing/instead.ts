type Method<M> = M extends (...args: infer A) => infer R ? (...args: A) => R : never

/**
 * Has a method of an object replaced until disposed of. The one in its place is called with the one that it replaces, and with what the caller
 * gave: for tests that step in at a certain moment.
 */
export function instead<T, K extends keyof T>(
  object: T,
  name: K,
  method: (former: Method<T[K]>, ...args: Parameters<Method<T[K]>>) => ReturnType<Method<T[K]>>,
): Disposable {
  const former = object[name]
  const bound = (former as Method<T[K]>).bind(object) as Method<T[K]>
  object[name] = ((...args: Parameters<Method<T[K]>>) => method(bound, ...args)) as T[K]
  return {
    [Symbol.dispose]: () => {
      object[name] = former
    },
  }
}
