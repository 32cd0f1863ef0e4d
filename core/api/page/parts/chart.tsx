/** A small chart over time. A stretch that is drawn over with the pointer is chosen. */
import { signal } from '@preact/signals'
import type { FunctionComponent } from 'preact'
import { useEffect } from 'preact/hooks'

export interface Series { readonly label: string, /** Name of a CSS custom property: `--bad`. */ readonly color: string, readonly bars?: boolean, readonly fill?: boolean }

export interface ChartProps {
  /** In words, for those who see no pictures. */
  readonly label: string
  /** Milliseconds, rising. */
  readonly times: readonly number[]
  readonly values: readonly (readonly number[])[]
  readonly series: readonly Series[]
  readonly height: number
  readonly onChoose?: (fromMs: number, toMs: number) => void
}

const plot = signal<FunctionComponent<ChartProps> | undefined>(undefined)

export function Chart (props: ChartProps) {
  const { height, series } = props
  // Without its file (a server that went away) there is no picture; the numbers beside it are there.
  useEffect(() => { if (plot.value === undefined) void import('./plot.js').then(({ Plot }) => { plot.value = Plot }, () => undefined) }, [])
  const Plot = plot.value
  return (
    <figure class="chart">
      {Plot === undefined ? <div style={{ height: `${height}px` }} /> : <Plot {...props} />}
      <figcaption>{series.map(s => <span key={s.label} class="chart-key"><span class={`swatch ${s.color.slice(2)}`} aria-hidden="true" />{s.label}</span>)}</figcaption>
    </figure>
  )
}
