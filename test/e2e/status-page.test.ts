// The status page in a real browser: what happens on a server is on it by itself, on a phone and in the dark, too, and nothing that a
// client says, or that a page elsewhere does, becomes more than text.
import { readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { debianProgram } from '../setup/debian-program.js'
import { type GoregoProcess, startGorego } from './gorego-process.js'
import { TownBuild } from './town-build.js'
import { brightness, contrasts, overflow, watchedPage } from './watched-page.js'

const found = debianProgram('chromium')
if ('reason' in found) console.log(`SKIP chromium: ${found.reason}`)

const PHONE = { width: 360, height: 740 }

/** A name that its owner has lead to this machine. */
const REBOUND = 'rebound.example'

let gorego: GoregoProcess
let build: TownBuild
let browser: Browser
/** Where the page is. */
let origin: string

test.before(async () => {
  if ('reason' in found) return
  gorego = await startGorego(['--concurrency', '2'], { env: { GOREGO_HTTP_LISTEN_ADDR: '127.0.0.1:0' } })
  origin = originOf(gorego)
  build = new TownBuild(`127.0.0.1:${gorego.port}`)
  browser = await chromium.launch({
    executablePath: found.program,
    args: [`--host-resolver-rules=MAP ${REBOUND} 127.0.0.1`],
  })
})

test.after(async () => {
  await browser?.close()
  await build?.[Symbol.asyncDispose]()
  await gorego?.stop()
})

const originOf = ({ stdout, stderr }: GoregoProcess) => /http:\/\/127\.0\.0\.1:\d+/.exec(stdout + stderr)?.[0] ?? ''

/** A test with a page that the browser must have nothing to say against. */
function onPage(title: string, body: (page: Page) => Promise<void>, options: BrowserContextOptions = {}): void {
  const run = async () => {
    const { page, complaints, close } = await watchedPage(browser, options)
    try {
      await body(page)
      assert.equal(complaints, [])
    } finally {
      await build.release()
      await close()
    }
  }
  if ('reason' in found) test.skip(title, run)
  else test(title, run)
}

async function overview(page: Page): Promise<void> {
  await page.goto(origin)
  await page.locator('#connection', { hasText: 'live' }).waitFor()
}

async function operation(page: Page, name: string): Promise<void> {
  await page.goto(`${origin}/operations/${name}`)
  await page.getByRole('heading', { name: 'Command' }).waitFor()
}

const rowOf = (page: Page, table: string, target: string) => page.locator(`${table} tbody tr`, { hasText: target })

onPage('a cache behind has a line: whether it answers, and what waits for it', async (page) => {
  await overview(page)
  assert.is(await page.getByText('Cache behind').count(), 0, 'there is none')
  const env = { GOREGO_HTTP_LISTEN_ADDR: '127.0.0.1:0', GOREGO_BACKING_CACHE_TARGET: 'grpc://127.0.0.1:1' }
  const other = await startGorego([], { env })
  try {
    await page.goto(originOf(other))
    const tile = page.locator('#tiles > *', { hasText: 'Cache behind' })
    await tile.getByText('grpc://127.0.0.1:1: nothing waits for it').waitFor()
    await tile.getByText('in use').waitFor()
    await using another = new TownBuild(`127.0.0.1:${other.port}`)
    // Its blobs and its result have to go there.
    await another.run({ script: 'true', target: '//town:iga' })
    await tile.getByText('does not answer').waitFor()
    await tile.getByText(/wait for it \(.*\), since \d/).waitFor()
    assert.is(await overflow(page), 0)
    // Not to be there when its server goes, which it would complain of.
    await page.goto('about:blank')
  } finally {
    await other.stop()
  }
})

onPage('what runs and what waits appears, and goes when it has ended, without a reload', async (page) => {
  await overview(page)
  await page.locator('#running', { hasText: 'no action runs' }).waitFor()
  await page.evaluate('window.sinceThen = true')
  const one = await build.hold({ script: 'GATE', target: '//town:nara', mnemonic: 'CppCompile' })
  await rowOf(page, '#running', '//town:nara').getByText('CppCompile').waitFor()
  assert.is(await page.locator('#slots .busy').count(), 1)
  await build.hold({ script: 'GATE', target: '//town:kobe' })
  await build.hold({ script: 'GATE', target: '//town:uji' }, 'queue')
  await rowOf(page, '#queued', '//town:uji').waitFor()
  assert.is(await page.locator('#slots .busy').count(), 2)
  await one.release()
  await rowOf(page, '#recent', '//town:nara').getByText('ok').waitFor()
  await rowOf(page, '#running', '//town:uji').waitFor()
  assert.is(await rowOf(page, '#running', '//town:nara').count(), 0)
  await build.release()
  await page.locator('#running', { hasText: 'no action runs' }).waitFor()
  assert.is(await page.evaluate('window.sinceThen'), true)
})

onPage('a failure is there with what it printed, and stays open while others come', async (page) => {
  await overview(page)
  await build.run({ script: 'echo "nara.c:3: expected a semicolon" >&2; exit 3', target: '//town:broken' })
  const failure = page.locator('#failures details', { hasText: '//town:broken' })
  await failure.getByText('exit 3').click()
  await failure.getByText('expected a semicolon').waitFor()
  await build.run({ script: 'exit 4', target: '//town:worse' })
  await page.locator('#failures details', { hasText: '//town:worse' }).waitFor()
  assert.ok(await failure.getByText('expected a semicolon').isVisible())
})

onPage('an action that did not do the same the second time is there, with what differs', async (page) => {
  await overview(page)
  assert.not(await page.getByText('Not the same the second time').isVisible())
  const sampling = await startGorego(['--concurrency', '1'], {
    env: { GOREGO_HTTP_LISTEN_ADDR: '127.0.0.1:0', GOREGO_EXECUTION_DETERMINISM_SAMPLE_RATE: '1' },
  })
  try {
    await using other = new TownBuild(`127.0.0.1:${sampling.port}`)
    await page.goto(originOf(sampling))
    await other.run({ script: 'date +%N > time', outputPaths: ['time'], target: '//town:clock' })
    await page.getByText('1 of 1 that were run again').waitFor()
    const finding = page.locator('#findings details', { hasText: '//town:clock' })
    await finding.locator('summary').click({ position: { x: 5, y: 5 } })
    await finding.getByText(/^time, from byte \d+/).waitFor()
    // The stream of a server that is gone is an error in the browser's eyes.
    await overview(page)
  } finally {
    await sampling.stop()
  }
})

onPage('an operation: its command, and its inputs, directory by directory', async (page) => {
  await overview(page)
  await build.run({
    script: 'cat src/nara.c > nara.o',
    env: [
      ['PATH', '/usr/bin:/bin'],
      ['DEER', 'many'],
    ],
    platform: [['OSFamily', 'linux']],
    inputs: { src: { directory: { 'nara.c': 'int nara;\n', deep: { directory: { 'deer.h': '' } } } } },
    outputPaths: ['nara.o'],
    target: '//town:operation',
  })
  await rowOf(page, '#recent', '//town:operation').getByRole('link').click()
  await page.getByRole('heading', { name: '//town:operation' }).waitFor()
  for (const text of ['DEER', 'many', 'OSFamily']) await page.getByText(text, { exact: true }).waitFor()
  await page.locator('pre', { hasText: "'cat src/nara.c > nara.o'" }).waitFor()
  assert.is(await page.getByText('deer.h').count(), 0, 'is not read before it is asked for')
  for (const directory of ['input root/', 'src/', 'deep/']) await page.getByText(directory, { exact: true }).click()
  await page.getByRole('link', { name: 'nara.c', exact: true }).waitFor()
  await page.getByRole('link', { name: 'deer.h' }).waitFor()
  assert.match((await page.getByRole('img', { name: 'command' }).getAttribute('aria-label')) ?? '', /command \d/)
})

onPage('an input tree that was opened stays open while its action runs, and the end is told', async (page) => {
  const inputs = { src: { directory: { 'nara.c': 'int nara;\n' } } }
  const held = await build.hold({ script: 'GATE; echo through the gate', inputs, target: '//town:held' })
  await operation(page, held.name)
  for (const directory of ['input root/', 'src/']) await page.getByText(directory, { exact: true }).click()
  await page.getByRole('link', { name: 'nara.c' }).waitFor()
  await held.release()
  await page.getByText('through the gate', { exact: true }).waitFor()
  assert.ok(await page.getByRole('link', { name: 'nara.c' }).isVisible())
})

onPage('what differs from the last action of the same target', async (page) => {
  const compile = (content: string) =>
    build.run({
      script: 'cp nara.c nara.o',
      inputs: { 'nara.c': content },
      outputPaths: ['nara.o'],
      target: '//town:again',
    })
  await compile('int nara;\n')
  await operation(page, (await compile('long nara;\n')).name)
  await page.locator('tr', { hasText: 'nara.c' }).waitFor()
})

onPage('an output is a file to save, whatever is in it', async (page) => {
  const html = '<script>opener.hacked = true; parent.hacked = true</script>'
  const { name } = await build.run({
    script: `printf %s '${html}' > report.html`,
    outputPaths: ['report.html'],
    target: '//town:report',
  })
  await operation(page, name)
  const saved = page.waitForEvent('download')
  await page.getByRole('link', { name: 'report.html' }).click()
  const download = await saved
  assert.is(download.suggestedFilename(), 'report.html')
  assert.is(readFileSync(await download.path(), 'utf8'), html)
  assert.is(page.url(), `${origin}/operations/${name}`)
})

onPage('whatever clients say is text, which changes nothing around it', async (page) => {
  const script = '<script>hacked=1</script><img src=x onerror=hacked=1>'
  const turned = '\u202e//town:txt.exe'
  const asked = {
    script: `printf '\\033[31m%s\\033[2J\\n' '${script}' >&2; exit 1`,
    env: [['PATH', '/usr/bin:/bin'] as const, ['EVIL', script] as const],
    inputs: { [`${script.replaceAll('/', '')}.c`]: '', '\u202etxt.c': '' },
    platform: [['OSFamily', 'linux'] as const],
  }
  await overview(page)
  await build.run({ ...asked, target: turned, mnemonic: script })
  const { name } = await build.run({ ...asked, target: script })
  await page.locator('#failures details', { hasText: script }).nth(1).waitFor()
  await checkText(page)
  await operation(page, name)
  await page.getByText('input root/').click()
  await page.getByRole('link', { name: 'txt.c' }).waitFor()
  await checkText(page)

  async function checkText(page: Page): Promise<void> {
    assert.is(await page.evaluate('typeof hacked'), 'undefined')
    assert.is(await page.locator('main img, main script').count(), 0)
    const text = await page.evaluate<string>('document.body.textContent')
    assert.ok(text.includes(script), 'is shown as it is')
    assert.not(text.includes('\x1b'), 'escape sequences are for terminals')
    const loose = `[...document.querySelectorAll('body *')].filter((node) => node.closest('bdi') === null
      && [...node.childNodes].some((child) => child.nodeType === 3 && child.data.includes('\u202e'))).length`
    assert.is(await page.evaluate(loose), 0, 'text from right to left keeps to itself')
  }
})

/** Text without a place to break, such as real targets and file names have. */
const LONG = `//${'very_long_name_'.repeat(12)}:of_a_target`

for (const colorScheme of ['light', 'dark'] as const) {
  const options = { viewport: PHONE, isMobile: true, hasTouch: true, colorScheme }
  const title = `on a phone, ${colorScheme}: nothing is wider than the window, and all can be read`
  const looksWell = async (page: Page) => {
    assert.is(await overflow(page), 0)
    const [worst] = await contrasts(page)
    assert.ok(worst !== undefined && worst.ratio >= 4.5, JSON.stringify(worst))
    const light = await brightness(page)
    assert.ok(colorScheme === 'dark' ? light < 0.2 : light > 0.9, String(light))
  }
  const body = async (page: Page) => {
    await overview(page)
    const inputs = { [`${'long_'.repeat(40)}.c`]: 'x' }
    const { name } = await build.run({ script: `echo ${LONG} >&2; exit 1`, inputs, target: LONG })
    await build.hold({ script: `GATE; echo ${colorScheme}`, target: LONG })
    await rowOf(page, '#running', LONG).waitFor()
    await page.locator('#failures summary', { hasText: LONG }).first().getByText('exit 1').click()
    await looksWell(page)
    await operation(page, name)
    await page.getByText('input root/').click()
    await page.getByRole('link', { name: 'long_long' }).waitFor()
    await looksWell(page)
  }
  onPage(title, body, options)
}

onPage('no page elsewhere can read it, show it, or have its own name lead to it', async (page) => {
  await using elsewhere = await serveElsewhere()
  const port = new URL(origin).port
  const stranger = await page.context().newPage()
  await stranger.goto(elsewhere.origin)
  const reaches = (url: string, mode: string) =>
    stranger.evaluate<boolean>(`fetch(${JSON.stringify(url)}, { mode: '${mode}' }).then(() => true, () => false)`)
  // So that the others can fail.
  assert.ok(await reaches(`${elsewhere.otherOrigin}/x`, 'no-cors'))
  assert.not(await reaches(`${origin}/api/status`, 'no-cors'))
  assert.not(await reaches(`${origin}/api/status`, 'cors'))
  const framed = async (url: string) => {
    await stranger.setContent(`<iframe src="${url}" onload="loaded = true"></iframe>`)
    await stranger.waitForFunction('window.loaded')
    return stranger.frames().at(-1)?.url()
  }
  assert.is(await framed(`${elsewhere.otherOrigin}/x`), `${elsewhere.otherOrigin}/x`)
  assert.match((await framed(`${origin}/`)) ?? '', /^chrome-error:/)
  for (const path of ['/', '/api/status', '/events', '/metrics']) {
    assert.is((await stranger.goto(`http://${REBOUND}:${port}${path}`))?.status(), 421, path)
  }
})

interface Elsewhere extends AsyncDisposable {
  readonly origin: string
  /** The same under another name. */
  readonly otherOrigin: string
}

/** Somebody else's page on this machine. */
async function serveElsewhere(): Promise<Elsewhere> {
  const server: Server = createServer((_, response) => response.end('<p>elsewhere</p>'))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    origin: `http://localhost:${port}`,
    otherOrigin: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

test.run()
