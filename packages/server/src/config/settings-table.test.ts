import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { settingEntries } from './settings.js'
import { settingsTable } from './settings-table.js'

const DOCUMENT = fileURLToPath(new URL('../../../../docs/configuration.md', import.meta.url))
const TABLE = /(?<=<!-- settings: begin[^>]*-->\n)[\s\S]*(?=\n<!-- settings: end -->)/

test('docs/configuration.md has the table that the settings make', () => {
  const table = settingsTable({ env: {}, cwd: '/', home: '~', platform: 'linux' })
  const text = readFileSync(DOCUMENT, 'utf8')
  if (process.env.GOREGO_TEST_UPDATE_DOCS)
    writeFileSync(
      DOCUMENT,
      text.replace(TABLE, () => table),
    )
  else assert.is(TABLE.exec(text)?.[0], table, 'run this test with GOREGO_TEST_UPDATE_DOCS=1 to update the document')
})

test('keys and variables follow from where a setting is in Config', () => {
  const entry = settingEntries.find(({ path }) => path.join('.') === 'localCache.maxSizeGb')
  assert.is(entry?.key, 'local_cache.max_size_gb')
  assert.is(entry?.variable, 'GOREGO_LOCAL_CACHE_MAX_SIZE_GB')
})

test.run()
