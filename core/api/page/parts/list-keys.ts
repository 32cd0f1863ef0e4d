/** `j` and `k` walk through the rows of a view, Enter opens (the rows are links or buttons), `/` goes to the filter. */
import { useEffect } from 'preact/hooks'

export function isTyping (target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || ['INPUT', 'TEXTAREA', 'SELECT'].includes(target.tagName))
}

const rowOf = (key: string): HTMLElement | null => document.querySelector(`[data-key="${CSS.escape(key)}"]`)

/** Where a row that is not drawn would be: lists are as high as all their rows. */
function bringIntoSight (row: HTMLElement): void {
  const { top, bottom } = row.getBoundingClientRect()
  const margin = 90
  if (top < margin) scrollBy(0, top - margin)
  else if (bottom > innerHeight - 30) scrollBy(0, bottom - innerHeight + 30)
}

export function useListKeys (keys: readonly string[], filterId: string): void {
  useEffect(() => {
    const press = (event: KeyboardEvent): void => {
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return
      if (event.key === '/') {
        event.preventDefault()
        document.getElementById(filterId)?.focus()
        return
      }
      if (event.key !== 'j' && event.key !== 'k') return
      const at = keys.indexOf(document.activeElement?.closest('[data-key]')?.getAttribute('data-key') ?? '')
      const next = keys[at < 0 ? 0 : at + (event.key === 'j' ? 1 : -1)]
      const row = next === undefined ? null : rowOf(next)
      if (row === null) return
      event.preventDefault()
      bringIntoSight(row)
      row.querySelector<HTMLElement>('a, button')?.focus({ preventScroll: true })
    }
    addEventListener('keydown', press)
    return () => { removeEventListener('keydown', press) }
  }, [keys, filterId])
}
