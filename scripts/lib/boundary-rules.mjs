// Judges one import by the table in boundaries.mjs. Paths are relative to the repository.
import { posix } from 'node:path'
import { coreFolders, forTests, zones } from './boundaries.mjs'

const core = 'packages/core/'
const nothing = { may: [], types: [], node: [], bare: [] }

/** Why `file` may not import this, as a sentence; undefined if it may. */
export function objection(file, { specifier, typesOnly }) {
  const place = placeOf(file)
  if (place === undefined) return `${file} has no line in the table: add one, with what it may import`
  const isTest = isTestFile(file)
  if (specifier.startsWith('.')) {
    const target = posix.join(posix.dirname(file), specifier)
    if (!target.startsWith(place.unit)) return `it leaves ${place.unit}: other packages have public entry points`
    return isTest ? undefined : toFolder(place, target.slice(`${core}src/`.length), typesOnly)
  }
  if (specifier.startsWith('node:')) return isTest ? undefined : toNode(place, specifier)
  return isTest && forTests.includes(specifier) ? undefined : toPackage(place, specifier)
}

function toFolder(place, path, typesOnly) {
  if (place.folder === undefined) return undefined
  const folder = folderOf(`${core}src/${path}`)
  if (folder === place.folder) return undefined
  if (has(place.may, folder) || has(place.may, path)) return undefined
  if (place.types.includes(folder)) {
    return typesOnly ? undefined : `${place.name} may import only types of ${folder}: say import type`
  }
  const allowed = [...place.may, ...place.types.map((name) => `${name} (types)`)]
  return `${place.name} may import, of the other folders, ${allowed.join(', ') || 'none'}`
}

function toNode(place, specifier) {
  if (has(place.node, specifier)) return undefined
  return `${place.name} may import, of Node's own modules, ${place.node.join(', ') || 'none'}`
}

function toPackage(place, specifier) {
  const fits = (name) => specifier === name || (name.endsWith('/') && specifier.startsWith(name))
  const isOurs = /^(@gorego\/|gorego($|\/))/.test(specifier)
  if (place.bare.some(fits) || (!place.closed && !isOurs)) return undefined
  return `${place.name} may import, of ${place.closed ? '' : 'our own '}packages, ${place.bare.join(', ') || 'none'}`
}

// The line of the table that holds for a file; `unit` is what its relative imports must not leave.
function placeOf(file) {
  if (!file.startsWith(`${core}src/`)) {
    const zone = zones.find(({ path }) => new RegExp(`^${path}`).test(file))
    return zone && { ...nothing, node: '*', ...zone, name: zone.path, unit: unitOf(file) }
  }
  const folder = folderOf(file)
  const line = coreFolders[folder] ?? (isTestFile(file) ? {} : undefined)
  return line && { ...nothing, ...line, closed: true, folder, name: `core/src/${folder}`, unit: core }
}

// The folder of core/src that a path is in, or the file's name if it is directly in src. Imports say .js and mean .ts.
function folderOf(path) {
  const [first, ...rest] = path.slice(`${core}src/`.length).split('/')
  return rest.length > 0 ? first : first.replace(/\.js$/, '.ts')
}

const isTestFile = (file) => /\.test\.(ts|mjs|js)$/.test(file) || /^packages\/[^/]+\/test\//.test(file)
const unitOf = (file) => /^(?:(?:packages|examples)\/[^/]+\/|[^/]+\/)/.exec(file)[0]
const has = (list, name) => list === '*' || list.includes(name)
