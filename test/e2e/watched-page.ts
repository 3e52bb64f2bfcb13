import { readFileSync } from 'node:fs'
import type { Browser, BrowserContextOptions, Page, Response } from 'playwright-core'

export interface WatchedPage {
  readonly page: Page
  /** What the browser held against it: errors on the console, exceptions, and what the Content-Security-Policy forbade. */
  readonly complaints: string[]
  close(): Promise<void>
}

/** A page with cookies, storage and a look of its own, whose complaints are kept. */
export async function watchedPage(browser: Browser, options: BrowserContextOptions = {}): Promise<WatchedPage> {
  const context = await browser.newContext({ viewport: { width: 1200, height: 900 }, ...options })
  const page = await context.newPage()
  const complaints: string[] = []
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(`${message.type()}: ${message.text()}`)
  })
  page.on('pageerror', (error) => void complaints.push(`exception: ${error.message}`))
  page.on('response', (response: Response) => {
    if (response.status() >= 400) complaints.push(`${response.status()}: ${response.url()}`)
  })
  return { page, complaints, close: () => context.close() }
}

/** Pixels by which the page is wider than the window: what somebody would have to scroll sideways for. */
export const overflow = (page: Page): Promise<number> =>
  page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth')

export interface Contrast {
  readonly text: string
  /** 1 for the same colour, 21 for black on white. */
  readonly ratio: number
}

/** How well each text stands out from what is behind it, as WCAG 2 counts it (1.4.3 wants 4.5); the worst first. */
export async function contrasts(page: Page): Promise<Contrast[]> {
  const found = await page.evaluate<Contrast[]>(readFileSync(new URL('contrasts.js', import.meta.url), 'utf8'))
  return found.sort((a, b) => a.ratio - b.ratio)
}

/** How bright the page is behind everything: 0 for black, 1 for white. */
export const brightness = (page: Page): Promise<number> =>
  page.evaluate(
    'getComputedStyle(document.body).backgroundColor.match(/[\\d.]+/g).slice(0, 3).reduce((sum, part) => sum + part / 765, 0)',
  )
