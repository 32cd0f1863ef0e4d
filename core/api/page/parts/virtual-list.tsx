/**
 * A list of which only what is in sight is drawn, so that 10 000 rows cost what 30 do. It scrolls with the window; all rows have one
 * height. Assistive technology is told the place of each row and how many there are.
 */
import type { ComponentChildren } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'

/** Rows drawn beyond each end of the window, so that scrolling does not show gaps. */
const beyond = 8

export interface VirtualListProps {
  readonly count: number
  readonly rowHeight: number
  readonly label: string
  readonly keyOf: (index: number) => string
  readonly render: (index: number) => ComponentChildren
  /** The last row comes near. */
  readonly onEnd?: () => void
}

export function VirtualList ({ count, rowHeight, label, keyOf, render, onEnd }: VirtualListProps) {
  const list = useRef<HTMLUListElement>(null)
  const [window, setWindow] = useState({ from: 0, to: 40 })
  useEffect(() => {
    const look = (): void => {
      const top = list.current?.getBoundingClientRect().top ?? 0
      const from = Math.max(0, Math.floor(-top / rowHeight) - beyond)
      const to = Math.ceil((innerHeight - top) / rowHeight) + beyond
      setWindow(old => old.from === from && old.to === to ? old : { from, to })
    }
    look()
    addEventListener('scroll', look, { passive: true })
    addEventListener('resize', look)
    // What is above the list may grow and shrink.
    const watch = new ResizeObserver(look)
    watch.observe(document.body)
    return () => { removeEventListener('scroll', look); removeEventListener('resize', look); watch.disconnect() }
  }, [rowHeight])
  const to = Math.min(count, window.to)
  useEffect(() => { if (window.to >= count && count > 0) onEnd?.() }, [window.to >= count, count])
  const rows = []
  for (let i = Math.min(window.from, to); i < to; i++) {
    rows.push(<li key={keyOf(i)} class="virtual-row" aria-setsize={count} aria-posinset={i + 1} data-key={keyOf(i)} style={{ top: `${i * rowHeight}px`, height: `${rowHeight}px` }}>{render(i)}</li>)
  }
  return <ul ref={list} class="virtual" role="list" aria-label={label} style={{ height: `${count * rowHeight}px` }}>{rows}</ul>
}
