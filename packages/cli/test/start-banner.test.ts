import { loadConfig } from '@gorego/server'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { startBanner } from '../src/ui/start-banner.js'

async function bannerFor(env: Record<string, string>, httpAddress?: string): Promise<string> {
  const surroundings = { env, cwd: '/', home: '/home/ann', platform: 'linux' } as const
  const { config } = await loadConfig({ surroundings })
  const addresses = { address: '127.0.0.1:1234', httpAddress }
  return startBanner({
    version: '0.0.0',
    config,
    ...addresses,
    slots: 2,
    sandbox: 'none',
    runAs: undefined,
    frontEnds: 0,
    hostname: 'here',
  })
}

test('GEN-03: a .bazelrc names an instance where the empty name is none', async () => {
  assert.match(
    await bannerFor({ GOREGO_INSTANCE_NAMES: 'team/a,team/b' }),
    /^ {2}build --remote_instance_name=team\/a$/m,
  )
  for (const env of [{}, { GOREGO_INSTANCE_NAMES: 'team/a,""' }]) {
    assert.not.match(await bannerFor(env), /remote_instance_name/)
  }
})

test('who has an HTTP port is told where the status page is', async () => {
  assert.match(await bannerFor({}, '127.0.0.1:8080'), /^ {2}page {8}http:\/\/127\.0\.0\.1:8080\/ /m)
  assert.not.match(await bannerFor({}), /^ {2}page/m)
})

test.run()
