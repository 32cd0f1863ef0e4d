/** Draws a chart (uPlot). In a file of its own that is loaded when the first chart is shown: incidents have none. */
import { useEffect, useRef } from 'preact/hooks'
import UPlot from 'uplot'
import { isDark } from '../data/theme.js'
import { clock, day } from '../format/time.js'
import { short } from '../format/number.js'
import type { ChartProps } from './chart.js'

/** Read where it stands, so that it follows the theme. */
const color = (of: Element, name: string): string => getComputedStyle(of).getPropertyValue(name).trim()

/** Steps between the times written below a chart: two are never written alike. */
const wholeSeconds = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400, 172_800, 604_800, 2_592_000]

function axisTimes (_: UPlot, splits: number[], _axis: number, _space: number, step: number): string[] {
  return splits.map((s, i) => step >= 86_400 ? day(s * 1000) : i === 0 || day(s * 1000) === day((splits[i - 1] ?? 0) * 1000) ? clock(s * 1000).slice(0, step >= 60 ? 5 : 8) : day(s * 1000).slice(5))
}

function optionsOf (box: HTMLElement, { series, height, onChoose }: ChartProps): UPlot.Options {
  const axis = { stroke: color(box, '--dim'), grid: { stroke: color(box, '--line'), width: 1 }, ticks: { stroke: color(box, '--line'), width: 1 }, font: '11px system-ui, sans-serif' }
  const bars = UPlot.paths.bars?.({ size: [0.9, 120], align: 1 })
  return {
    width: box.clientWidth, height, legend: { show: false }, padding: [8, 28, 0, 0],
    cursor: { y: false, points: { show: false }, drag: { x: onChoose !== undefined, y: false, setScale: false } },
    scales: { x: { time: true }, y: { range: (_u, _min, max) => [0, max > 0 ? max * 1.08 : 1] } },
    axes: [{ ...axis, size: 26, values: axisTimes, incrs: wholeSeconds }, { ...axis, size: 44, values: (_u, ticks) => ticks.map(short) }],
    series: [{}, ...series.map(s => ({ label: s.label, stroke: color(box, s.color), width: s.bars === true ? 0 : 1.5, points: { show: false }, ...(s.bars === true && bars !== undefined ? { paths: bars, fill: color(box, s.color) } : {}) }))],
    hooks: {
      setSelect: [u => {
        const { left, width } = u.select
        if (width < 4 || onChoose === undefined) return
        onChoose(Math.floor(u.posToVal(left, 'x') * 1000), Math.ceil(u.posToVal(left + width, 'x') * 1000))
        u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false)
      }]
    }
  }
}

export function Plot (props: ChartProps) {
  const { label, times, values, series, height } = props
  const box = useRef<HTMLDivElement>(null)
  const chart = useRef<UPlot | undefined>(undefined)
  const latest = useRef(props)
  latest.current = props
  const dark = isDark()
  const data = (): UPlot.AlignedData => [latest.current.times.map(t => t / 1000), ...latest.current.values.map(v => [...v])]
  useEffect(() => {
    const at = box.current
    if (at === null) return
    const u = new UPlot(optionsOf(at, { ...latest.current, ...(latest.current.onChoose === undefined ? {} : { onChoose: (from: number, to: number) => { latest.current.onChoose?.(from, to) } }) }), data(), at)
    chart.current = u
    const watch = new ResizeObserver(() => { if (at.clientWidth > 0 && at.clientWidth !== u.width) u.setSize({ width: at.clientWidth, height }) })
    watch.observe(at)
    return () => { watch.disconnect(); u.destroy() }
  }, [dark, height, series.length])
  useEffect(() => { chart.current?.setData(data()) }, [times, values])
  return <div ref={box} role="img" aria-label={label} style={{ height: `${height}px` }} />
}
