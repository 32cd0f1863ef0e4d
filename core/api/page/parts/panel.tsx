import type { ComponentChildren } from 'preact'
import { useEffect, useRef } from 'preact/hooks'

/** Beside what was chosen (below it on a phone). Escape closes it and gives the focus back. */
export function Panel ({ title, onClose, children, name }: { readonly title: ComponentChildren, readonly name: string, readonly onClose: () => void, readonly children: ComponentChildren }) {
  const box = useRef<HTMLElement>(null)
  const close = useRef(onClose)
  close.current = onClose
  useEffect(() => {
    const before = document.activeElement
    box.current?.focus({ preventScroll: true })
    // On a phone the panel is below: it must be seen that something opened.
    const { top } = box.current?.getBoundingClientRect() ?? { top: 0 }
    if (top > innerHeight - 120) box.current?.scrollIntoView({ block: 'start' })
    const press = (event: KeyboardEvent): void => { if (event.key === 'Escape') close.current() }
    addEventListener('keydown', press)
    return () => {
      removeEventListener('keydown', press)
      if (before instanceof HTMLElement && before.isConnected) before.focus({ preventScroll: true })
    }
  }, [name])
  return (
    <aside ref={box} class="panel" aria-label={name} tabIndex={-1}>
      <header class="panel-head"><div class="panel-title">{title}</div><button type="button" class="small" aria-label={`Close ${name}`} onClick={onClose}>✕</button></header>
      <div class="panel-body">{children}</div>
    </aside>
  )
}
