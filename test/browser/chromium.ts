/** A real Chromium, driven over its debugging protocol, that writes down everything a page complains about. */
import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { launch, type Browser, type Page } from 'puppeteer-core'
import { root } from './tapio.js'

const places = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']
export const chromium = [process.env['CHROMIUM'], ...places].find(path => path !== undefined && existsSync(path))

export const screenshots = join(root, 'dist', 'screenshots')

export type Theme = 'light' | 'dark'
export type Size = 'desktop' | 'phone'

const sizes = { desktop: { width: 1280, height: 860 }, phone: { width: 390, height: 844, deviceScaleFactor: 2, isMobile: true, hasTouch: true } } as const

/** How long something on a page may take to appear. */
export const patientMs = 30_000

export async function launchBrowser (): Promise<Browser> {
  // A sandbox needs rights that root in a container has not.
  return await launch({ executablePath: chromium ?? '', headless: true, args: ['--disable-gpu', '--disable-dev-shm-usage', ...(process.getuid?.() === 0 ? ['--no-sandbox'] : [])] })
}

/** A page of its own and what it complained about: console errors and warnings, exceptions, requests that failed, what the policy forbade. */
export interface Watched { readonly page: Page, readonly complaints: string[] }

export async function openPage (browser: Browser, { theme = 'light', size = 'desktop' }: { readonly theme?: Theme, readonly size?: Size } = {}): Promise<Watched> {
  const page = await (await browser.createBrowserContext()).newPage()
  page.setDefaultTimeout(patientMs)
  await page.setViewport(sizes[size])
  await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: theme }, { name: 'prefers-reduced-motion', value: 'reduce' }])
  const complaints: string[] = []
  page.on('console', message => { if (['error', 'warn'].includes(message.type())) complaints.push(`console: ${message.text()}`) })
  page.on('pageerror', error => { complaints.push(`exception: ${String(error)}`) })
  await page.evaluateOnNewDocument(() => {
    new MutationObserver((_, observer) => {
      if (document.querySelector('.event-row') === null) return
      ;(window as unknown as { firstRowMs: number }).firstRowMs = performance.now()
      observer.disconnect()
    }).observe(document, { childList: true, subtree: true })
    addEventListener('securitypolicyviolation', event => { console.error(`policy: ${event.violatedDirective} forbids ${event.blockedURI}`) })
  })
  return { page, complaints }
}

/** Into dist/screenshots, where CI keeps them. What floats over the page would hide parts of it when it is taken whole. */
export async function shoot (page: Page, name: string): Promise<void> {
  mkdirSync(screenshots, { recursive: true })
  await page.screenshot({ path: join(screenshots, `${name}.png`) })
}

/** Resolves when the text is somewhere in what a reader sees. */
export async function seesText (page: Page, text: string): Promise<void> {
  await page.waitForFunction(wanted => document.body.innerText.includes(wanted), {}, text)
}
