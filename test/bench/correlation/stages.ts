/** The chain of correlation with a watch between its stages: where the time of a batch goes. */
import type { Consumer } from '../../../core/component/component.js'
import { defineComponent, type ComponentFactory } from '../../../core/component/factory.js'
import { accepted, type Outcome } from '../../../core/component/outcome.js'
import { engineOf, type Engine, type StageName } from '../../../core/correlation/engine.js'
import type { EventBatch } from '../../../core/data/batch.js'
import { chainOf, type Chain } from '../../../core/testing/chain.js'
import { CollectingConsumer } from '../../../core/testing/services.js'
import { Type } from '@sinclair/typebox'
import { factory as context } from '../../../processors/context/factory.js'
import { factory as impact } from '../../../processors/impact/factory.js'
import { factory as incident } from '../../../processors/incident/factory.js'
import { factory as k8s } from '../../../processors/k8s-correlation/factory.js'
import { factory as noop } from '../../../processors/noop/factory.js'
import { factory as temporal } from '../../../processors/temporal-correlation/factory.js'

export const stageNames = ['context', 'k8s_correlation', 'temporal_correlation', 'impact', 'incident'] as const satisfies readonly StageName[]
export type Stage = (typeof stageNames)[number]

/** Counts what arrives and keeps nothing. */
export class Counting extends CollectingConsumer {
  count = 0
  override consume (batch: EventBatch): Promise<Outcome> {
    this.count += batch.count
    return done
  }
}
const done = Promise.resolve(accepted)

export class Stages {
  /** Milliseconds of wall time in rows, and in ticks. */
  readonly rows: Record<Stage, number> = { context: 0, k8s_correlation: 0, temporal_correlation: 0, impact: 0, incident: 0 }
  readonly ticks: Record<Stage, number> = { context: 0, k8s_correlation: 0, temporal_correlation: 0, impact: 0, incident: 0 }
  tickCount = 0
  longestTickMs = 0
  #tickMs = 0
  #mark = 0
  /** Of the batch under way. */
  #inTicks = 0

  /** Analyzers run in the order in which they came: one behind each stage's own ends its time. */
  watch (engine: Engine): void {
    for (const stage of stageNames) engine.use(stage, { tick: () => { this.#ticked(stage) } })
  }

  /** Before the first stage thinks: called from a row counter, as that is what a tick begins with. */
  begin (): void {
    this.#mark = performance.now()
    this.#tickMs = 0
  }

  #ticked (stage: Stage): void {
    const now = performance.now()
    const tookMs = now - this.#mark
    this.#mark = now
    this.ticks[stage] += tookMs
    this.#inTicks += tookMs
    this.#tickMs += tookMs
    if (stage !== 'incident') return
    this.tickCount++
    this.longestTickMs = Math.max(this.longestTickMs, this.#tickMs)
    this.#tickMs = 0
  }

  startedMs = 0
  begun (stage: Stage): void {
    const now = performance.now()
    const before = stageNames[stageNames.indexOf(stage) - 1]
    if (before !== undefined) this.rows[before] += now - this.startedMs - (before === 'context' ? this.#inTicks : 0)
    if (before === 'context' || before === undefined) this.#inTicks = 0
    this.startedMs = now
  }

  ended (): void { this.rows.incident += performance.now() - this.startedMs }
}

/** Stands before a stage. */
function probe (stage: Stage, stages: Stages): ComponentFactory {
  return defineComponent({
    ...noop, schema: Type.Object({}), type: 'noop',
    create: services => { const next: Consumer = services.get('next'); return { consume: (batch: EventBatch) => { stages.begun(stage); return next.consume(batch) } } }
  })
}

export interface Measured { readonly chain: Chain, readonly sink: Counting, readonly engine: Engine, readonly stages: Stages }

export async function correlating (): Promise<Measured> {
  const stages = new Stages()
  const factories = { context, k8s_correlation: k8s, temporal_correlation: temporal, impact, incident }
  const links = stageNames.flatMap(stage => [{ factory: probe(stage, stages) }, { factory: factories[stage] }])
  const sink = new Counting()
  const chain = await chainOf(links, { sink })
  const engine = engineOf(chain.shared)
  stages.watch(engine)
  const run = engine.rows.catchUp.bind(engine.rows)
  engine.rows.catchUp = () => { run(); stages.begin() }
  await chain.start()
  return { chain, sink, engine, stages }
}

/** The bound: nothing is done with the same batches. */
export async function passing (): Promise<Chain> {
  const chain = await chainOf([{ factory: noop }], { sink: new Counting() })
  await chain.start()
  return chain
}
