import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { loadConfig } from '@gorego/server'
import { test } from 'uvu'
import * as assert from 'uvu/assert'

const repository = fileURLToPath(new URL('../../../', import.meta.url))

for (const document of ['docs/configuration.md', 'SECURITY.md']) {
  test(`${document}: the server understands the configuration`, async () => {
    const directory = mkdtempSync(join(tmpdir(), 'gorego-config-'))
    try {
      const text = readFileSync(join(repository, document), 'utf8')
      const snippets = [...text.matchAll(/^```yaml\n(.*?)^```$/gms)].map(([, yaml]) => yaml ?? '')
      assert.is(snippets.length, 1)
      const file = join(directory, 'config.yaml')
      writeFileSync(file, snippets[0] ?? '')
      const surroundings = { env: {}, cwd: directory, home: directory, platform: process.platform }
      assert.equal((await loadConfig({ surroundings, file })).warnings, [])
    } finally {
      rmSync(directory, { recursive: true })
    }
  })
}

test.run()
