// The pictures of the status page in the documents: made anew with GOREGO_TEST_UPDATE_DOCS=1, and otherwise looked at.
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { debianProgram } from '../setup/debian-program.js'
import { type GoregoProcess, startGorego } from './gorego-process.js'
import { TownBuild } from './town-build.js'
import { watchedPage } from './watched-page.js'

const WIDE = { width: 1000, height: 1250 }
const TALL = { width: 1000, height: 1340 }
const PHONE = { width: 360, height: 740 }
const MOST_BYTES = 150_000

const pictures: {
  name: string
  options: BrowserContextOptions
  prepare: (page: Page, origin: string) => Promise<void>
}[] = [
  { name: 'overview', options: { viewport: WIDE, colorScheme: 'light' }, prepare: overview },
  { name: 'operation-dark', options: { viewport: TALL, colorScheme: 'dark' }, prepare: operation },
  { name: 'phone-dark', options: { viewport: PHONE, isMobile: true, colorScheme: 'dark' }, prepare: overview },
]

const pathOf = (name: string) => fileURLToPath(new URL(`../../docs/pictures/status-page-${name}.png`, import.meta.url))

async function overview(page: Page, origin: string): Promise<void> {
  await page.goto(origin)
  await page.locator('#failures summary').first().getByText('exit 1').click()
  await page.locator('#queued', { hasText: '//town/uji:tea_test' }).waitFor()
}

async function operation(page: Page, origin: string): Promise<void> {
  await overview(page, origin)
  await page.locator('#recent tr', { hasText: '//town/nara:deer' }).first().getByRole('link').click()
  for (const directory of ['input root/', 'nara/', 'include/']) {
    await page.getByText(directory, { exact: true }).click()
  }
  await page.getByRole('link', { name: 'park.h' }).waitFor()
  await page.locator('tr', { hasText: 'input nara/deer.c' }).waitFor()
}

test('docs/pictures has what the documents show, and no more of it than they need', () => {
  const shown = /pictures\/status-page-([\w-]+)\.png/g
  const document = readFileSync(new URL('../../docs/operations.md', import.meta.url), 'utf8')
  assert.equal([...document.matchAll(shown)].map(([, name]) => name).sort(), pictures.map(({ name }) => name).sort())
  if (process.env.GOREGO_TEST_UPDATE_DOCS) return
  for (const { name, options } of pictures) {
    const bytes = readFileSync(pathOf(name))
    assert.equal([...bytes.subarray(0, 4)], [0x89, 0x50, 0x4e, 0x47], name)
    assert.equal([bytes.readUInt32BE(16), bytes.readUInt32BE(20)], Object.values(options.viewport ?? {}), name)
    assert.ok(bytes.length <= MOST_BYTES, `${name} has ${bytes.length} bytes`)
  }
})

if (process.env.GOREGO_TEST_UPDATE_DOCS) {
  test('the pictures are made', async () => {
    const found = debianProgram('chromium')
    if ('reason' in found) throw new Error(found.reason)
    const gorego: GoregoProcess = await startGorego(['--concurrency', '6'], {
      env: { GOREGO_HTTP_LISTEN_ADDR: '127.0.0.1:0' },
    })
    const origin = /http:\/\/127\.0\.0\.1:\d+/.exec(gorego.stdout + gorego.stderr)?.[0] ?? ''
    const build = new TownBuild(`127.0.0.1:${gorego.port}`)
    const browser: Browser = await chromium.launch({ executablePath: found.program })
    try {
      await aBuild(build)
      for (const { name, options, prepare } of pictures) {
        const { page, close } = await watchedPage(browser, options)
        await prepare(page, origin)
        await page.evaluate('scrollTo(0, 0)')
        await page.screenshot({ path: pathOf(name) })
        await close()
      }
    } finally {
      await build[Symbol.asyncDispose]()
      await browser.close()
      await gorego.stop()
    }
  })
}

/** A build of a town of which six actions run and three wait, after others that went well, or not. */
async function aBuild(build: TownBuild): Promise<void> {
  const inputs = (content: string) => ({
    nara: { directory: { 'deer.c': content, 'deer.h': 'int deer(void);\n' } },
    include: { directory: { 'park.h': 'int park(void);\n' } },
  })
  const compile = (content: string) =>
    build.run({
      script: 'sleep 0.2; cat nara/deer.c include/park.h > deer.o; echo "deer.c: 1 function"',
      env: [
        ['PATH', '/usr/bin:/bin'],
        ['LC_ALL', 'C.UTF-8'],
      ],
      platform: [['OSFamily', 'linux']],
      inputs: inputs(content),
      outputPaths: ['deer.o'],
      target: '//town/nara:deer',
    })
  const ok = (target: string, mnemonic: string) => build.run({ script: `sleep 0.1; : ${target}`, target, mnemonic })
  await ok('//town/kobe:harbour', 'CppCompile')
  await ok('//town/kobe:harbour', 'CppCompile')
  await build.run({
    script: `sleep 0.1; echo "kobe/crane.c:12:9: error: expected ';' before 'return'
   12 |   lift(2)
      |          ^
1 error generated." >&2; exit 1`,
    target: '//town/kobe:crane',
  })
  await compile('int deer(void) { return 1; }\n')
  await ok('//town/kobe:town.zip', 'Genrule')
  await ok('//town/kobe:town.zip', 'Genrule')
  await build.fetch(await compile('int deer(void) { return 1200; }\n'))
  await build.run({
    script: `echo "tea_test.ts: the water is 100 °C, expected 80 °C" >&2; exit 1`,
    target: '//town/uji:water_test',
    mnemonic: 'TestRunner',
  })
  for (const name of ['bridge', 'river', 'temple', 'garden', 'tea']) {
    await build.hold({ script: `GATE; : ${name}`, target: `//town/uji:${name}` })
  }
  await build.hold({ script: 'GATE; : cli', target: '//town/uji:cli', mnemonic: 'CppLink' })
  for (const name of ['tea_test', 'bridge_test', 'river_test']) {
    await build.hold({ script: `GATE; : ${name}`, target: `//town/uji:${name}`, mnemonic: 'TestRunner' }, 'queue')
  }
}

test.run()
