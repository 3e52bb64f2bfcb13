// The code that we write: not what is generated, nor what tools are told in TypeScript.
import { filesBelow } from './files.mjs'
import { root } from './workspace.mjs'

const places = ['packages', 'examples', 'bench', 'conformance', 'test', 'scripts']

/** Paths of all sources below `base`, relative to it. */
export const sourceFiles = (base = root) => places.flatMap((place) => filesBelow(base, place)).filter(isSource)

const isSource = (path) =>
  /\.(ts|mts|mjs|js)$/.test(path) && !/\.(config|d)\.ts$/.test(path) && !path.includes('/proto/gen/')
