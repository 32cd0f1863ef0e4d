/** The graph that runs, with what flows in it. */
import { useRef, useState } from 'preact/hooks'
import type { PipelineStateJson, WatchPipelinesResponseJson } from '../../gen/tapio/v1/runtime_pb.js'
import { go, params, withParams } from '../data/router.js'
import { useStream } from '../data/use-stream.js'
import { num } from '../format/number.js'
import { msOf } from '../format/time.js'
import { Chart, type Series } from '../parts/chart.js'
import { Connection } from '../parts/connection.js'
import { Failure, Loading } from '../parts/notice.js'
import { Panel } from '../parts/panel.js'
import { ComponentDetails, EdgeDetails } from './details.js'
import { PipelineDrawing } from './drawing.js'
import { Drops, ProcessFacts, Rings, Threads } from './tables.js'
import { edgeId, lost } from './trouble.js'

/** Two looks, to see what changes; rates of the last minutes. */
export interface Looks { readonly now: PipelineStateJson, readonly before: PipelineStateJson | undefined }

const mostPoints = 300

interface History { readonly times: number[], readonly rates: number[], readonly losses: number[] }

/** What receivers bring in: edges that begin at one. */
function brought ({ edges = [] }: PipelineStateJson): number { return edges.filter(e => e.from?.startsWith('receiver/') === true).reduce((sum, e) => sum + num(e.eventsPerSecond), 0) }

function lostIn ({ edges = [] }: PipelineStateJson): number { return edges.reduce((sum, e) => sum + lost(e), 0) }

function grown (old: History, now: PipelineStateJson, before: PipelineStateJson | undefined): History {
  const last = <T,>(of: readonly T[], next: T): T[] => [...of.slice(-(mostPoints - 1)), next]
  const time = msOf(now.time) ?? Date.now()
  const seconds = Math.max(0.2, (time - (msOf(before?.time) ?? time - 1000)) / 1000)
  return { times: last(old.times, time), rates: last(old.rates, brought(now)), losses: last(old.losses, before === undefined ? 0 : Math.max(0, lostIn(now) - lostIn(before)) / seconds) }
}

const series: readonly Series[] = [{ label: 'events/s brought in', color: '--accent' }, { label: 'events/s lost', color: '--bad' }]

export function PipelinesPage () {
  const [looks, setLooks] = useState<Looks | undefined>()
  const last = useRef<PipelineStateJson | undefined>(undefined)
  const history = useRef<History>({ times: [], rates: [], losses: [] })
  const state = useStream<WatchPipelinesResponseJson>('/v1/pipelines:watch', { interval: '1s' }, ({ state: now }) => {
    if (now === undefined) return
    // Several may come before the next is drawn.
    const before = last.current
    last.current = now
    history.current = grown(history.current, now, before)
    setLooks({ now, before })
  })
  return (
    <>
      <header class="page-head"><h1>Pipelines</h1><Connection state={state} />{looks !== undefined && <span class="dim hint">mode {looks.now.mode} · {(looks.now.pipelines ?? []).join(', ')}</span>}</header>
      {state.kind === 'failed' && <Failure problem={state.problem} />}
      {state.kind !== 'failed' && looks === undefined && <Loading what="the pipelines" />}
      {looks !== undefined && <Whole looks={looks} history={history.current} />}
    </>
  )
}

function Whole ({ looks, history }: { readonly looks: Looks, readonly history: History }) {
  const chosen = params.value.get('at') ?? undefined
  const choose = (id: string | undefined): void => { go(withParams({ at: id })) }
  const { edges = [], components = [] } = looks.now
  const edge = edges.find(e => edgeId(e) === chosen)
  const component = components.find(c => c.name === chosen)
  return (
    <>
      <ProcessFacts state={looks.now} />
      <div class="flow">
        <section class="card" aria-labelledby="graph-title">
          <header class="section-head"><h2 id="graph-title">Flow</h2><ul class="legend" aria-label="Colours of arrows"><li><span class="swatch good" /> flows</li><li><span class="swatch idle" /> nothing flows</li><li><span class="swatch warn" /> refused or retried now</li><li><span class="swatch bad" /> losing now</li></ul></header>
          <PipelineDrawing looks={looks} chosen={chosen} onChoose={choose} />
        </section>
        {edge !== undefined && <Panel name={`${edge.from ?? ''} to ${edge.to ?? ''}`} title={<h3>{edge.from} → {edge.to}</h3>} onClose={() => { choose(undefined) }}><EdgeDetails key={chosen} edge={edge} /></Panel>}
        {component !== undefined && <Panel name={component.name ?? ''} title={<h3>{component.name}</h3>} onClose={() => { choose(undefined) }}><ComponentDetails key={chosen} component={component} /></Panel>}
        {edge === undefined && component === undefined && (
          <div class="flow-side">
            <section class="card" aria-labelledby="rate-title"><h2 id="rate-title">Since this page was opened</h2>{history.times.length > 2 ? <Chart label="Events a second brought in and lost" times={history.times} values={[history.rates, history.losses]} series={series} height={110} /> : <p class="dim">Some seconds are needed to draw.</p>}</section>
            <Drops state={looks.now} />
            <Rings rings={looks.now.rings ?? []} />
            <Threads threads={looks.now.threads ?? []} />
          </div>
        )}
      </div>
    </>
  )
}
