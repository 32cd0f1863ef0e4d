/** Where the reader is: the URL alone says it, so that a link, a reload and the back button show the same. */
import { computed, signal } from '@preact/signals'

const here = (): URL => new URL(location.href)

export const url = signal(here())
export const path = computed(() => url.value.pathname.replace(/\/+$/, '') || '/')
export const params = computed(() => url.value.searchParams)

addEventListener('popstate', () => { url.value = here() })

/** `to`: a path with what is asked. `replace`: the back button shall not stop there. */
export function go (to: string, { replace = false } = {}): void {
  const next = new URL(to, location.href)
  if (next.href === location.href) return
  if (replace) history.replaceState(null, '', next)
  else history.pushState(null, '', next)
  const moved = next.pathname !== url.value.pathname
  url.value = next
  if (moved && !replace) scrollTo(0, 0)
}

/** The same place with other words; '' or undefined takes one away. */
export function withParams (changes: Readonly<Record<string, string | undefined>>): string {
  const next = new URL(url.value)
  for (const [name, value] of Object.entries(changes)) {
    if (value === undefined || value === '') next.searchParams.delete(name)
    else next.searchParams.set(name, value)
  }
  return `${next.pathname}${next.search}`
}

/** Plain clicks on links of this page stay in it; new tabs, downloads and other servers are the browser's. */
export function takeLinks (event: MouseEvent): void {
  if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return
  const link = event.target instanceof Element ? event.target.closest('a') : null
  if (link === null || link.target !== '' || link.hasAttribute('download') || link.origin !== location.origin || link.getAttribute('href')?.startsWith('#') === true) return
  if (link.pathname.startsWith('/v1/') || link.pathname === '/openapi.json') return
  event.preventDefault()
  go(link.href)
}
