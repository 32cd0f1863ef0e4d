/** What the passes say together: how much, where it is stuck, why, and what to do about it. */
import { componentId } from '../component/id.js'
import type { Kind } from '../component/component.js'
import { instancesOf } from '../graph/instances.js'
import type { FindFactory } from '../graph/plan.js'
import type { Measured } from './measure.js'

export interface Passes {
  readonly full: Measured
  /** At `pacedShare` of what `full` took. */
  readonly paced: Measured
  readonly oneThread: Measured
  readonly passThrough: Measured
}

export const pacedShare = 0.7

export interface Cost {
  /** `processor/filter` */
  readonly component: string
  /** A row in it, without what comes after it. */
  readonly microsecondsPerRow: number
  /** Of the time of all components, 0 to 1. */
  readonly share: number
}

export interface Bottleneck { readonly where: string, readonly why: string, readonly todo: string }

/** By component, the costliest first; measured where all run in one thread, so that the time of one is not that of another. */
export function costsOf ({ edges, inPerSecond, seconds }: Measured): Cost[] {
  const names = new Set(edges.map(e => e.to).filter(n => !n.startsWith('pipeline/')))
  const own = [...names].map(component => {
    const into = edges.filter(e => e.to === component).reduce((sum, e) => sum + e.seconds, 0)
    const outOf = edges.filter(e => e.from === component).reduce((sum, e) => sum + e.seconds, 0)
    return { component, seconds: Math.max(0, into - outOf) }
  })
  const total = own.reduce((sum, c) => sum + c.seconds, 0)
  const rows = Math.max(1, inPerSecond * seconds)
  return own.map(c => ({ component: c.component, microsecondsPerRow: c.seconds / rows * 1e6, share: total === 0 ? 0 : c.seconds / total })).sort((a, b) => b.share - a.share)
}

/** A loop that is busy for this share of the time has no room. */
const fullAt = 0.85

export function bottleneckOf ({ full, oneThread, passThrough }: Passes, find: FindFactory, cores: number): Bottleneck {
  const [worst] = costsOf(oneThread).filter(c => c.component.startsWith('processor/') || c.component.startsWith('connector/'))
  const [thread = 'main', busy = 0] = Object.entries(full.threads).sort((a, b) => b[1] - a[1])[0] ?? []
  const hosts = instancesOf(full.plan).filter(i => i.thread === thread).map(i => `${i.kind}/${i.id}`)
  const onThread = costsOf(oneThread).find(c => hosts.includes(c.component) && !c.component.startsWith('exporter/'))
  const share = passThrough.inPerSecond === 0 ? 1 : full.inPerSecond / passThrough.inPerSecond
  if (full.cores > cores * 0.9) {
    return { where: 'the machine', why: `all ${cores} cores are in use (${full.cores.toFixed(1)}), the generator's share included`, todo: worst === undefined ? 'more cores, or fewer rows' : `make ${worst.component} cheaper or give it fewer rows: it takes ${percent(worst.share)} of the components' time; or more cores` }
  }
  if (share > 0.8) return { where: 'the hand-over', why: `processors that do nothing take ${percent(1 / Math.max(share, 0.01) - 1)} more at most: rows are made, passed on and counted as fast as this graph can`, todo: 'larger batches from the clients, `service.batch_size`, or a mode with fewer hand-overs (standard)' }
  if (busy >= fullAt && onThread !== undefined) return { where: `thread ${thread}, ${onThread.component}`, why: `the thread is busy ${percent(busy)} of the time, and ${onThread.component} is the costliest on it (${percent(onThread.share)} of the components' time)`, todo: adviceFor(onThread.component, find, full) }
  if (busy >= fullAt) return { where: `thread ${thread}`, why: `it is busy ${percent(busy)} of the time, with the generator or the sinks rather than with components of the configuration`, todo: 'nothing here: the pipelines could take more' }
  if (worst !== undefined && worst.share > 0.3) return { where: worst.component, why: `it takes ${percent(worst.share)} of the components' time`, todo: adviceFor(worst.component, find, full) }
  return { where: 'waiting', why: 'no thread is full: batches wait for an answer (an exporter, a `wait_for_result`, a timeout)', todo: 'look at the latency of the exporters, and at `sending_queue`' }
}

function adviceFor (component: string, find: FindFactory, { plan }: Measured): string {
  const slash = component.indexOf('/')
  const factory = find(component.slice(0, slash) as Kind, componentId('processor', component.slice(slash + 1)).type)
  if (factory?.concurrency === 'single') return 'one instance sees all rows by design: drop what it does not need before it (`filter`), or divide the rows over pipelines'
  if (plan.service.mode === 'debug' || plan.service.mode === 'standard') return 'it can run in several copies: `service.mode: high-performance`, and `max_concurrency`'
  return 'it can run in several copies: raise `service.max_concurrency` where there are cores; drop what it does not need before it'
}

export const percent = (share: number): string => `${Math.round(share * 100)} %`
