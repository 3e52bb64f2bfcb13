/** The messages of grpc.reflection.v1 and the descriptors of everything, which most processes never need. */
export function loadReflection(): Promise<typeof import('./reflection.js')> {
  return import('./reflection.js')
}
