// Compares what the packages export with docs/api, where it is written down; with GOREGO_TEST_UPDATE_DOCS=1, writes it down.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type ApiReport, apiReports } from './api-report.js'

const repository = fileURLToPath(new URL('../../', import.meta.url)).replace(/\/$/, '')
const update = process.env.GOREGO_TEST_UPDATE_DOCS === '1'

const packages = [
  { name: '@gorego/core', entry: 'packages/core/src/index.ts', document: 'docs/api/core.api.md' },
  {
    name: '@gorego/core/testing',
    entry: 'packages/core/src/testing/index.ts',
    document: 'docs/api/core-testing.api.md',
  },
  { name: '@gorego/server', entry: 'packages/server/src/index.ts', document: 'docs/api/server.api.md' },
]

const reports = apiReports({ repository, entries: packages.map(({ entry }) => join(repository, entry)) })
packages.forEach(({ name, document }, index) => {
  const { declarations, undocumented } = reports[index] as ApiReport
  for (const missing of undocumented) complain(`${name}: ${missing} has no doc comment: say what it is for`)
  const path = join(repository, document)
  const wanted = documentOf(name, declarations)
  if (update) {
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, wanted)
    return
  }
  const changed = differences(textOf(path), wanted)
  if (changed.length > 0) {
    complain(
      `${document} is not what ${name} exports. It has, or lacks:\n${changed.join('\n')}\n` +
        'If that is meant, write it down: GOREGO_TEST_UPDATE_DOCS=1 npm test -- api-report',
    )
  }
})

function documentOf(name: string, declarations: ReadonlyMap<string, string>): string {
  return `# What \`${name}\` exports

Made from the sources by \`GOREGO_TEST_UPDATE_DOCS=1 npm test -- api-report\`. A change here is a change for those who import the package.

\`\`\`ts
${[...declarations.values()].join('\n\n')}
\`\`\`
`
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

// Lines of the one that the other does not have as often: enough to see what it is about.
function differences(written: string, wanted: string): string[] {
  return [...surplus(written, wanted, '-'), ...surplus(wanted, written, '+')]
}

function surplus(these: string, those: string, sign: string): string[] {
  const left = new Map<string, number>()
  for (const line of those.split('\n')) left.set(line, (left.get(line) ?? 0) + 1)
  return these.split('\n').flatMap((line) => {
    const count = left.get(line) ?? 0
    left.set(line, count - 1)
    return count > 0 ? [] : [`  ${sign} ${line}`]
  })
}

function complain(problem: string): void {
  console.error(problem)
  process.exitCode = 1
}
