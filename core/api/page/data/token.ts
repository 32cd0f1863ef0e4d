/**
 * The bearer token of this tab, where the API asks for one. Kept for the tab alone, so that it is gone with it; never in a URL.
 */
import { signal } from '@preact/signals'

const key = 'tapio.token'

/** A browser may forbid storage: then the token lives as long as the page. */
function stored (): string {
  try { return sessionStorage.getItem(key) ?? '' } catch { return '' }
}

export const token = signal(stored())
/** Why the API refused; undefined: it did not. */
export const refused = signal<string | undefined>(undefined)

export function takeToken (text: string): void {
  token.value = text
  refused.value = undefined
  try { if (text === '') sessionStorage.removeItem(key); else sessionStorage.setItem(key, text) } catch { /* kept in memory alone */ }
}
