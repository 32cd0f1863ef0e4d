/**
 * A graph of boxes that can be reached by keyboard: each box is a button in the order of the list, arrow keys walk by place, + and -
 * change the size. It is as large as it must be and scrolls; a pointer drags it.
 */
import type { ComponentChildren } from 'preact'
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks'
import { arrowHead, curve, placed, towards, type Arrow, type Box, type Direction } from './graph-layout.js'

export interface GraphBox extends Box { readonly content: ComponentChildren, readonly look?: string, readonly name: string }
export interface GraphArrow extends Arrow { readonly look?: string, readonly words?: ComponentChildren, readonly name?: string, /** Width of the line. */ readonly thick?: number }

export interface GraphProps {
  readonly label: string
  readonly boxes: readonly GraphBox[]
  readonly arrows: readonly GraphArrow[]
  readonly direction: Direction
  readonly chosen?: string | undefined
  /** Not smaller than this to fit the width: words must stay readable. */
  readonly smallest?: number
  readonly onBox: (id: string) => void
  readonly onArrow?: (id: string) => void
}

const steps = [0.35, 0.5, 0.6, 0.7, 0.8, 0.9, 1, 1.2, 1.5]

export function Graph ({ label, boxes, arrows, direction, chosen, smallest = 0.6, onBox, onArrow }: GraphProps) {
  const shape = boxes.map(b => `${b.id}:${b.width}x${b.height}`).join('|') + arrows.map(a => `${a.from}>${a.to}`).join('|') + direction
  const place = useMemo(() => placed(boxes, arrows, direction), [shape])
  const frame = useRef<HTMLDivElement>(null)
  const [scale, setScale] = useState(1)
  const fit = (): void => {
    const width = frame.current?.clientWidth ?? place.width
    setScale(Math.min(1, Math.max(smallest, (width - 4) / Math.max(1, place.width))))
  }
  useLayoutEffect(() => {
    fit()
    // The causes at the top are in the middle of a picture that is wider than its frame.
    const box = frame.current
    const first = direction === 'TB' ? place.boxes.get(boxes[0]?.id ?? '') : undefined
    if (box !== null && first !== undefined) requestAnimationFrame(() => { if (box.scrollWidth > box.clientWidth) box.scrollLeft = first.x * (box.scrollWidth / place.width) - box.clientWidth / 2 })
  }, [place])
  const zoom = (by: 1 | -1): void => { setScale(s => (by === 1 ? steps.find(x => x > s + 0.01) : steps.findLast(x => x < s - 0.01)) ?? s) }
  useDragging(frame)
  const press = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey) return
    if (event.key === '+' || event.key === '=') zoom(1)
    else if (event.key === '-') zoom(-1)
    else if (event.key === '0') fit()
    else {
      const from = event.target instanceof Element ? event.target.closest('[data-box]')?.getAttribute('data-box') : undefined
      const next = from === undefined || from === null ? undefined : towards(place.boxes, from, event.key)
      if (next === undefined) return
      frame.current?.querySelector<HTMLElement>(`[data-box="${CSS.escape(next)}"]`)?.focus()
    }
    event.preventDefault()
  }
  return (
    <div class="graph" role="group" aria-label={label} onKeyDown={press}>
      <div class="graph-tools">
        <button type="button" class="small" aria-label="Smaller" onClick={() => { zoom(-1) }}>−</button>
        <button type="button" class="small" aria-label="Fit to width" onClick={fit}>{Math.round(scale * 100)} %</button>
        <button type="button" class="small" aria-label="Larger" onClick={() => { zoom(1) }}>+</button>
      </div>
      <div class="graph-frame" ref={frame} tabIndex={0} role="region" aria-label={`${label}: drag or scroll`}>
        <div class="graph-size" style={{ width: `${place.width * scale}px`, height: `${place.height * scale}px` }}>
          <div class="graph-canvas" style={{ width: `${place.width}px`, height: `${place.height}px`, transform: `scale(${scale})` }}>
            <Arrows arrows={arrows} place={place} chosen={chosen} onArrow={onArrow} />
            {boxes.map(({ id, width, height, content, look = '', name }) => {
              const at = place.boxes.get(id)
              if (at === undefined) return null
              return (
                <button
                  key={id} type="button" data-box={id} class={`graph-box ${look} ${chosen === id ? 'chosen' : ''}`} aria-pressed={chosen === id} aria-label={name} title={name}
                  style={{ left: `${at.x - width / 2}px`, top: `${at.y - height / 2}px`, width: `${width}px`, height: `${height}px` }}
                  onClick={() => { onBox(id) }}
                >{content}</button>
              )
            })}
          </div>
        </div>
      </div>
    </div>
  )
}

function Arrows ({ arrows, place, chosen, onArrow }: { readonly arrows: readonly GraphArrow[], readonly place: ReturnType<typeof placed>, readonly chosen: string | undefined, readonly onArrow: ((id: string) => void) | undefined }) {
  return (
    <>
      <svg width={place.width} height={place.height} class="graph-lines" aria-hidden="true">
        {arrows.map(({ id, from, to, look = '', thick = 1.5 }) => {
          const line = place.arrows.get(id)
          if (line === undefined) return null
          const near = chosen !== undefined && [from, to, id].includes(chosen)
          return (
            <g key={id} class={`graph-arrow ${look} ${near ? 'near' : ''}`}>
              <path d={curve(line.points)} stroke-width={thick} class="line" />
              <path d={arrowHead(line.points, 6 + thick)} class="head" />
              {onArrow !== undefined && <path d={curve(line.points)} class="hit" onClick={() => { onArrow(id) }} />}
            </g>
          )
        })}
      </svg>
      {arrows.map(({ id, words, look = '', name, label }) => {
        const at = place.arrows.get(id)?.label
        if (words === undefined || at === undefined || label === undefined) return null
        const style = { left: `${at.x - label.width / 2}px`, top: `${at.y - label.height / 2}px`, width: `${label.width}px`, height: `${label.height}px` }
        if (onArrow === undefined) return <span key={id} class={`graph-words ${look}`} style={style} title={name}>{words}</span>
        return <button key={id} type="button" class={`graph-words ${look} ${chosen === id ? 'chosen' : ''}`} aria-pressed={chosen === id} aria-label={name} title={name} style={style} onClick={() => { onArrow(id) }}>{words}</button>
      })}
    </>
  )
}

/** A mouse takes the picture along; fingers scroll it by themselves. */
function useDragging (frame: { readonly current: HTMLDivElement | null }): void {
  useEffect(() => {
    const box = frame.current
    if (box === null) return
    let from: { readonly x: number, readonly y: number, readonly left: number, readonly top: number } | undefined
    const down = (event: PointerEvent): void => {
      if (event.pointerType !== 'mouse' || event.button !== 0 || (event.target instanceof Element && event.target.closest('button, .hit') !== null)) return
      from = { x: event.clientX, y: event.clientY, left: box.scrollLeft, top: box.scrollTop }
      box.setPointerCapture(event.pointerId)
    }
    const move = (event: PointerEvent): void => {
      if (from === undefined) return
      box.scrollLeft = from.left - (event.clientX - from.x)
      box.scrollTop = from.top - (event.clientY - from.y)
    }
    const up = (): void => { from = undefined }
    box.addEventListener('pointerdown', down)
    box.addEventListener('pointermove', move)
    box.addEventListener('pointerup', up)
    box.addEventListener('pointercancel', up)
    return () => {
      box.removeEventListener('pointerdown', down)
      box.removeEventListener('pointermove', move)
      box.removeEventListener('pointerup', up)
      box.removeEventListener('pointercancel', up)
    }
  }, [])
}
