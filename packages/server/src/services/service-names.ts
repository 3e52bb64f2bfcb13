import type { Service } from './service.js'

/** The full names of services: `/package.Name/Method` is a method of `package.Name`. */
export function serviceNames(services: readonly Service[]): string[] {
  return [...new Set(services.flat().map(({ path }) => path.slice(1, path.lastIndexOf('/'))))]
}
