/** When each step was seen, a lane a layer. Wheel with Ctrl (or + and -) zooms, dragging or arrow keys move. */
import { useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks'
import type { IncidentJson } from '../../gen/tapio/v1/incident_pb.js'
import { clock, msOf, span, utc } from '../format/time.js'
import { layerOf, layers, layerWords } from '../format/words.js'
import { chooseStep, chosenStep } from './chosen-step.js'
import { moved, rowsOf, ticksOf, x, zoomed, type Mark, type View } from './timeline-layout.js'

const rowPixels = 24
const wordsPixels = 180

function wholeOf ({ chain = [], detectedTime, resolvedTime }: IncidentJson): View {
  const times = [...chain.flatMap(s => [msOf(s.time), msOf(s.lastTime)]), msOf(detectedTime), msOf(resolvedTime)].filter(t => t !== undefined)
  const from = Math.min(...times)
  const size = Math.max(1000, Math.max(...times) - from)
  // Words stand behind their marks: the last ones need room.
  return { from: from - size * 0.03, to: from + size * 1.12 }
}

function useWidth (): readonly [{ current: HTMLDivElement | null }, number] {
  const box = useRef<HTMLDivElement>(null)
  const [width, setWidth] = useState(800)
  useLayoutEffect(() => {
    const look = (): void => { setWidth(Math.max(200, box.current?.clientWidth ?? 800)) }
    look()
    const watch = new ResizeObserver(look)
    if (box.current !== null) watch.observe(box.current)
    return () => { watch.disconnect() }
  }, [])
  return [box, width]
}

export function Timeline ({ incident }: { readonly incident: IncidentJson }) {
  const { chain = [] } = incident
  const whole = useMemo(() => wholeOf(incident), [incident])
  const [chosenView, setView] = useState<View | undefined>()
  const view = chosenView ?? whole
  const change = (to: View): void => { setView(to.to - to.from >= (whole.to - whole.from) * 0.999 ? undefined : to) }
  if (chain.length === 0) return null
  const press = (event: KeyboardEvent): void => {
    const next = ({ '+': () => zoomed(view, whole, 0.6, 0.5), '=': () => zoomed(view, whole, 0.6, 0.5), '-': () => zoomed(view, whole, 1.7, 0.5), ArrowLeft: () => moved(view, whole, -0.2), ArrowRight: () => moved(view, whole, 0.2), 0: () => whole } as Readonly<Record<string, () => View>>)[event.key]
    if (next === undefined || event.ctrlKey || event.metaKey || event.altKey) return
    event.preventDefault()
    change(next())
  }
  return (
    <section class="card" id="timeline" aria-labelledby="timeline-title">
      <header class="section-head">
        <h2 id="timeline-title">Timeline</h2>
        <div class="choice">
          <button type="button" class="small" aria-label="Earlier" onClick={() => { change(moved(view, whole, -0.3)) }}>←</button>
          <button type="button" class="small" aria-label="Farther" onClick={() => { change(zoomed(view, whole, 1.7, 0.5)) }}>−</button>
          <button type="button" class="small" onClick={() => { change(whole) }}>all</button>
          <button type="button" class="small" aria-label="Nearer" onClick={() => { change(zoomed(view, whole, 0.6, 0.5)) }}>+</button>
          <button type="button" class="small" aria-label="Later" onClick={() => { change(moved(view, whole, 0.3)) }}>→</button>
        </div>
        <span class="dim hint">{span(view.to - view.from)} in sight<span class="keys"> · Ctrl + wheel zooms, drag or arrow keys move</span></span>
      </header>
      <div class="timeline" role="group" aria-label="Steps by layer and time" tabIndex={0} onKeyDown={press}>
        <Lanes incident={incident} view={view} whole={whole} change={change} />
      </div>
    </section>
  )
}

function Lanes ({ incident, view, whole, change }: { readonly incident: IncidentJson, readonly view: View, readonly whole: View, readonly change: (to: View) => void }) {
  const [box, width] = useWidth()
  usePointer(box, view, whole, change)
  const { at, step } = ticksOf(view, Math.max(2, Math.floor(width / 110)))
  const lines = [['detected', incident.detectedTime], ['resolved', incident.resolvedTime]] as const
  return (
    <>
      <div class="axis" ref={box} aria-hidden="true">{at.map(t => <span key={t} class="tick" style={{ left: `${x(t, view, width)}px` }} title={utc(t)}>{clock(t, { millis: step < 1000 })}</span>)}</div>
      <div class="timeline-lines" aria-hidden="true">
        {at.map(t => <span key={t} class="gridline" style={{ left: `${x(t, view, width)}px` }} />)}
        {lines.map(([word, time]) => { const ms = msOf(time); return ms !== undefined && ms >= view.from && ms <= view.to && <span key={word} class={`event-line ${word}`} style={{ left: `${x(ms, view, width)}px` }}><i>{word}</i></span> })}
      </div>
      {layers.map(layer => <Lane key={layer} incident={incident} layer={layer} view={view} width={width} />)}
    </>
  )
}

function Lane ({ incident: it, layer, view, width }: { readonly incident: IncidentJson, readonly layer: (typeof layers)[number], readonly view: View, readonly width: number }) {
  const { chain = [] } = it
  const chosen = chosenStep(it)
  const marks = chain.flatMap((step, id): Mark[] => {
    const from = msOf(step.time)
    if (layerOf(step.layer) !== layer || from === undefined) return []
    const to = Math.max(from, msOf(step.lastTime) ?? from)
    return to < view.from || from > view.to ? [] : [{ id, from, to }]
  })
  const rows = rowsOf(marks, view, width, wordsPixels)
  const high = Math.max(1, ...[...rows.values()].map(r => r + 1))
  return (
    <div class={`lane ${layer}`} role="group" aria-label={layerWords[layer]}>
      <span class="lane-name" aria-hidden="true">{layerWords[layer]}</span>
      <div class="lane-marks" style={{ height: `${high * rowPixels + 6}px` }}>
        {marks.map(({ id, from, to }) => {
          const left = Math.max(0, x(from, view, width))
          const long = Math.max(6, Math.min(width, x(to, view, width)) - left)
          const words = `${id + 1}. ${chain[id]?.text ?? ''}`
          return (
            <button key={id} type="button" class={`mark ${chosen === id ? 'chosen' : ''}`} aria-pressed={chosen === id} title={`${words}\n${clock(from, { millis: true })} · ${utc(from)}`} aria-label={`${words}, ${clock(from)}`}
              style={{ left: `${left}px`, top: `${(rows.get(id) ?? 0) * rowPixels + 4}px`, width: `${Math.max(long, wordsPixels)}px` }} onClick={() => { chooseStep(id) }}>
              <span class="mark-bar" style={{ width: `${long}px` }} /><span class="mark-words">{words}</span>
            </button>
          )
        })}
        {marks.length === 0 && <span class="lane-empty">{chain.some(s => layerOf(s.layer) === layer) ? 'nothing in sight' : 'nothing seen'}</span>}
      </div>
    </div>
  )
}

/** Wheel and dragging, on the whole timeline. */
function usePointer (axis: { readonly current: HTMLDivElement | null }, view: View, whole: View, change: (to: View) => void): void {
  const now = useRef({ view, whole, change })
  now.current = { view, whole, change }
  useLayoutEffect(() => {
    const box = axis.current?.parentElement
    if (box === null || box === undefined) return
    const wheel = (event: WheelEvent): void => {
      const { left = 0, width = 1 } = axis.current?.getBoundingClientRect() ?? {}
      const { view, whole, change } = now.current
      if (event.ctrlKey || event.metaKey) change(zoomed(view, whole, Math.exp(event.deltaY / 300), Math.min(1, Math.max(0, (event.clientX - left) / width))))
      else if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) change(moved(view, whole, (event.deltaX === 0 ? event.deltaY : event.deltaX) / width))
      else return
      event.preventDefault()
    }
    let last: number | undefined
    const down = (event: PointerEvent): void => { if (event.button === 0 && !(event.target instanceof Element && event.target.closest('button') !== null)) { last = event.clientX; if (event.pointerType === 'mouse') event.preventDefault(); box.focus({ preventScroll: true }) } }
    const move = (event: PointerEvent): void => {
      if (last === undefined) return
      const { view, whole, change } = now.current
      change(moved(view, whole, (last - event.clientX) / (axis.current?.clientWidth ?? 1)))
      last = event.clientX
    }
    const up = (): void => { last = undefined }
    box.addEventListener('wheel', wheel, { passive: false })
    box.addEventListener('pointerdown', down)
    addEventListener('pointermove', move)
    addEventListener('pointerup', up)
    addEventListener('pointercancel', up)
    return () => {
      box.removeEventListener('wheel', wheel)
      box.removeEventListener('pointerdown', down)
      removeEventListener('pointermove', move)
      removeEventListener('pointerup', up)
      removeEventListener('pointercancel', up)
    }
  }, [])
}
