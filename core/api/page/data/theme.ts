/** Light or dark: the system's, until the reader says otherwise. */
import { effect, signal } from '@preact/signals'

export const themes = ['system', 'light', 'dark'] as const
export type Theme = (typeof themes)[number]

const key = 'tapio.theme'

function stored (): Theme {
  try { return themes.find(t => t === localStorage.getItem(key)) ?? 'system' } catch { return 'system' }
}

export const theme = signal<Theme>(stored())

const system = matchMedia('(prefers-color-scheme: dark)')
const systemDark = signal(system.matches)
system.addEventListener('change', event => { systemDark.value = event.matches })

export function isDark (): boolean { return theme.value === 'dark' || (theme.value === 'system' && systemDark.value) }

effect(() => { document.documentElement.dataset['theme'] = isDark() ? 'dark' : 'light' })

export function takeTheme (next: Theme): void {
  theme.value = next
  try { localStorage.setItem(key, next) } catch { /* lasts as long as the page */ }
}
