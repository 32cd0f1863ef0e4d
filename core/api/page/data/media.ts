import { signal, type ReadonlySignal } from '@preact/signals'

function matches (query: string): ReadonlySignal<boolean> {
  const media = matchMedia(query)
  const value = signal(media.matches)
  media.addEventListener('change', event => { value.value = event.matches })
  return value
}

/** Rows take two lines, panels the whole width. Style sheets have the same bound. */
export const narrow = matches('(max-width: 760px)')
export const calm = matches('(prefers-reduced-motion: reduce)')
