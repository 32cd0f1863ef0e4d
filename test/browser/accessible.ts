/**
 * What can be checked by machine of how a page serves those who see little or use no mouse: names of controls, order of headings,
 * landmarks, ids, contrast of text (WCAG 2.1 AA: 4.5, large text 3).
 */
import type { Page } from 'puppeteer-core'

/** What is wrong, in words; empty: nothing. */
export async function faultsOf (page: Page): Promise<string[]> {
  return await page.evaluate(() => {
    const faults: string[] = []
    const shown = (e: Element): boolean => e instanceof HTMLElement && e.checkVisibility({ visibilityProperty: true }) && e.getClientRects().length > 0
    const say = (e: Element): string => e.outerHTML.slice(0, 140)
    const nameOf = (e: Element): string => {
      const by = e.getAttribute('aria-labelledby')?.split(' ').map(id => document.getElementById(id)?.textContent ?? '').join(' ')
      const label = e instanceof HTMLInputElement || e instanceof HTMLSelectElement ? [...e.labels ?? []].map(l => l.textContent).join(' ') : ''
      return (e.getAttribute('aria-label') ?? by ?? (label !== '' ? label : e.textContent)).trim()
    }
    for (const e of document.querySelectorAll('a[href], button, input, select, [role=meter], [role=img], [role=region], [role=group], nav, aside')) if (shown(e) && nameOf(e) === '') faults.push(`has no name: ${say(e)}`)
    for (const e of document.querySelectorAll('[role=img], [role=meter]')) if (!e.hasAttribute('aria-label')) faults.push(`has no label: ${say(e)}`)
    const ids = [...document.querySelectorAll('[id]')].map(e => e.id)
    for (const id of new Set(ids)) if (ids.filter(other => other === id).length > 1) faults.push(`id ${id} is there more than once`)
    for (const e of document.querySelectorAll('[aria-labelledby], [aria-controls]')) for (const id of (e.getAttribute('aria-labelledby') ?? '').split(' ')) if (id !== '' && document.getElementById(id) === null) faults.push(`names itself by ${id}, which is not there: ${say(e)}`)
    if (document.querySelectorAll('main').length !== 1) faults.push('there is not one main')
    if (document.documentElement.lang === '') faults.push('the page has no language')
    const headings = [...document.querySelectorAll('h1, h2, h3, h4')].filter(shown)
    if (headings.filter(h => h.tagName === 'H1').length !== 1) faults.push(`there are ${headings.filter(h => h.tagName === 'H1').length} h1`)
    headings.forEach((h, i) => { const before = headings[i - 1]; if (before !== undefined && Number(h.tagName[1]) > Number(before.tagName[1]) + 1) faults.push(`skips a level of headings: ${say(h)}`) })
    for (const e of document.querySelectorAll('[tabindex]')) if (Number(e.getAttribute('tabindex')) > 0) faults.push(`makes an order of its own: ${say(e)}`)
    for (const e of document.querySelectorAll('a a, button button, a button, button a')) faults.push(`a control inside a control: ${say(e)}`)
    if (document.documentElement.scrollWidth > innerWidth + 1) faults.push(`the page is ${document.documentElement.scrollWidth} wide, the window ${innerWidth}`)

    const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true })
    const rgba = (color: string): readonly number[] => {
      if (canvas === null) return [0, 0, 0, 1]
      canvas.clearRect(0, 0, 1, 1)
      canvas.fillStyle = color
      canvas.fillRect(0, 0, 1, 1)
      const [r = 0, g = 0, b = 0, a = 0] = canvas.getImageData(0, 0, 1, 1).data
      return [r, g, b, a / 255]
    }
    const over = (top: readonly number[], below: readonly number[]): readonly number[] => { const a = top[3] ?? 1; return [0, 1, 2].map(i => (top[i] ?? 0) * a + (below[i] ?? 0) * (1 - a)) }
    const ground = (e: Element): readonly number[] => {
      const layers: (readonly number[])[] = []
      for (let at: Element | null = e; at !== null; at = at.parentElement) { const c = rgba(getComputedStyle(at).backgroundColor); layers.push(c); if (c[3] === 1) break }
      return layers.reduceRight<readonly number[]>((below, top) => over(top, below), [255, 255, 255])
    }
    const light = (c: readonly number[]): number => { const [r = 0, g = 0, b = 0] = c.map(v => { const s = v / 255; return s <= 0.04045 ? s / 12.92 : ((s + 0.055) / 1.055) ** 2.4 }); return 0.2126 * r + 0.7152 * g + 0.0722 * b }
    const weak = new Set<string>()
    for (const e of document.querySelectorAll('body *')) {
      if (!shown(e) || ![...e.childNodes].some(n => n.nodeType === Node.TEXT_NODE && (n.textContent ?? '').trim() !== '')) continue
      const style = getComputedStyle(e)
      if (style.clipPath !== 'none' || (e instanceof HTMLButtonElement && e.disabled)) continue
      const below = ground(e)
      const [a, b] = [light(over(rgba(style.color), below)), light(below)].sort((x, y) => y - x) as [number, number]
      const ratio = (a + 0.05) / (b + 0.05)
      const size = parseFloat(style.fontSize)
      const enough = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700) ? 3 : 4.5
      if (ratio < enough) weak.add(`contrast ${ratio.toFixed(2)} of .${e.className} in .${e.parentElement?.className ?? ''}: ${(e.textContent ?? '').slice(0, 40)}`)
    }
    return [...faults, ...weak]
  })
}
