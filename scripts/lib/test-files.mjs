// Which test files there are.
import { filesBelow } from './files.mjs'
import { root } from './workspace.mjs'

const places = ['packages', 'examples', 'bench', 'conformance', 'test', 'scripts']

/** Start real servers and real build tools: they get the machine for themselves, after all others. */
export const isHeavy = (path) => /^(test\/(e2e|torture)|examples)\//.test(path)

/** All test files below `base`, relative to it; with filters, those whose path contains one of them. */
export function findTests(filters = [], base = root) {
  const files = places.flatMap((place) => filesBelow(base, place))
  return files.filter((path) => /\.test\.(ts|mjs|js)$/.test(path) && matches(path, filters))
}

export const matches = (name, filters) => filters.length === 0 || filters.some((filter) => name.includes(filter))
