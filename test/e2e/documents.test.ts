// What the documents say of the sources, of each other and of continuous integration.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'

const repository = fileURLToPath(new URL('../../', import.meta.url))
const read = (path: string) => readFileSync(join(repository, path), 'utf8')
const inDocs = () => readdirSync(join(repository, 'docs')).filter((name) => name.endsWith('.md'))

test('docs/errors.md: each code of core, with what it is in gRPC', () => {
  const codes = [...read('packages/core/src/errors/gorego-error.ts').matchAll(/^ {2}\| '([a-z-]+)'$/gm)].map(
    ([, code]) => code,
  )
  const mapped = [...read('packages/server/src/wire/status.ts').matchAll(/^ {2}'?([a-z-]+)'?: status\.([A-Z_]+),$/gm)]
  const rows = [...read('docs/errors.md').matchAll(/^\| `([a-z-]+)` \| ([A-Z_]+) \| \d+ \| (.{20,}) \|$/gm)]
  assert.ok(codes.length > 10)
  assert.equal(
    rows.map(([, code, grpc]) => [code, grpc]),
    mapped.map(([, code, grpc]) => [code, grpc]),
  )
  assert.equal(
    rows.map(([, code]) => code),
    codes,
  )
})

test('docs/README.md: leads to every document', () => {
  const index = read('docs/README.md')
  assert.equal(
    inDocs().filter((name) => name !== 'README.md' && !index.includes(`(${name})`)),
    [],
  )
})

test('links between documents lead somewhere', () => {
  const documents = [
    'README.md',
    'CONTRIBUTING.md',
    'SECURITY.md',
    'CHANGELOG.md',
    ...inDocs().map((name) => `docs/${name}`),
  ]
  const dead = documents.flatMap((path) => {
    const targets = [...read(path).matchAll(/\]\((?![a-z]+:|#)([^)#\s]+)/g)].map(([, target]) => target ?? '')
    return targets
      .filter((target) => !existsSync(join(repository, dirname(path), target)))
      .map((target) => `${path}: ${target}`)
  })
  assert.equal(dead, [])
})

test('files and folders of the sources that documents name are there', () => {
  const named = /`((?:packages|core|server|cli|scripts|test|docs|bench|conformance|examples|deploy|proto)\/[\w./-]+)`/g
  const documents = ['README.md', 'CONTRIBUTING.md', 'SECURITY.md', ...inDocs().map((name) => `docs/${name}`)]
  const paths = documents.flatMap((document) =>
    [...read(document).matchAll(named)].map(([, path = '']) => ({ document, path })),
  )
  // Packages are called by their names where that is clear: core/src/cas.
  const gone = paths.filter(
    ({ path }) => !existsSync(join(repository, path.replace(/^(core|server|cli)\//, 'packages/$1/'))),
  )
  assert.equal(gone, [])
  assert.ok(paths.length > 30, `${paths.length} paths`)
})

test('the workflow does what .ci/run does, with every Node that is supported', () => {
  const workflow = read('.github/workflows/ci.yml')
  const steps = [...workflow.matchAll(/^ +- run: (.+)$/gm)].map(([, command]) => command)
  assert.is(steps.at(-1), '.ci/run')
  assert.match(read('.ci/run'), /^npm test /m)
  assert.match(workflow, 'node: [20, 22, 24]')
  assert.match(read('package.json'), '"node": ">=20.19"')
})

test.run()
