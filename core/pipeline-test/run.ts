/** One case, run: a Tapio of its own in this thread, on a clock that the test moves. */
import { resolve } from 'node:path'
import type { Consumer } from '../component/component.js'
import { nearest, listed } from '../config/suggest.js'
import type { ResolvedConfig } from '../config/shape.js'
import type { EventBatch } from '../data/batch.js'
import { recordedBatches } from '../data/recorded.js'
import { Tokens } from '../component/services.js'
import { Instance, planConfig, type OpenCatalog } from '../instance.js'
import { FakeClock } from '../testing/fake-clock.js'
import { silentLogger } from '../testing/services.js'
import { differences, type Outcome } from './expect.js'
import type { Step, TestCase } from './format.js'
import { batchOf } from './given.js'
import { rewire, type Cast } from './rewire.js'
import { stageToken, type Stage } from './stand-ins.js'

/** Real time that a case may take to end; what its components wait for by the clock costs none. */
const stopTimeoutMs = 10_000

export interface CaseResult {
  readonly passed: boolean
  readonly reasons: readonly string[]
}

/** Never rejects. `folder`: what files are relative to. */
export async function runCase (test: TestCase, config: ResolvedConfig, catalog: OpenCatalog, folder: string): Promise<CaseResult> {
  const { config: rewired, cast } = rewire(config)
  const planned = planConfig(rewired, catalog)
  if (!planned.ok) return failed(planned.faults.map(f => `${f.path.join('.')}: ${f.message}`))
  const stage: Stage = { sources: new Map(), sinks: new Map() }
  const clock = new FakeClock(Date.parse(test.at))
  const instance = new Instance(rewired, planned.plan, silentLogger, [container => {
    container.registerInstance(stageToken.key, stage)
    container.registerInstance(Tokens.clock, clock)
  }])
  try {
    await instance.start()
  } catch (error) {
    return failed([`it did not start: ${messageOf(error)}`])
  }
  try {
    let ids = 0
    const nextId = (): string => (++ids).toString(16).padStart(32, '0')
    for (const step of test.given) await give(step, { stage, cast, clock, folder, nextId })
    await instance.stop(stopTimeoutMs)
    return judged(test, { stage, cast, instance })
  } catch (error) {
    await instance.stop(0)
    return failed([messageOf(error)])
  }
}

interface Giving { readonly stage: Stage, readonly cast: Cast, readonly clock: FakeClock, readonly folder: string, nextId(): string }

async function give (step: Step, { stage, cast, clock, folder, nextId }: Giving): Promise<void> {
  if (step.advance !== undefined) { await clock.advance(step.advance); return }
  const source = stage.sources.get(cast.receivers.get(receiverOf(step, cast)) as string) as Consumer
  const batches = step.file === undefined ? [batchOf(step.events ?? [], clock.unixNano(), nextId)] : await recordedBatches(resolve(folder, step.file))
  for (const batch of batches) {
    // Its answer may need time to pass, which the next step gives.
    void Promise.resolve(source.consume(batch)).catch(() => undefined)
    await clock.advance(0)
  }
}

function receiverOf ({ receiver }: Step, { receivers }: Cast): string {
  const known = [...receivers.keys()]
  if (receiver === undefined) {
    if (known.length === 1) return known[0] as string
    throw new Error(`into which receiver do the events go? There are ${listed(known)}: \`receiver: ${known[0] ?? ''}\``)
  }
  if (receivers.has(receiver)) return receiver
  const near = nearest(receiver, known)
  throw new Error(`there is no receiver \`${receiver}\` in a pipeline${near === undefined ? `; there are ${listed(known)}` : `; did you mean \`${near}\`?`}`)
}

function judged (test: TestCase, { stage, cast, instance }: { readonly stage: Stage, readonly cast: Cast, readonly instance: Instance }): CaseResult {
  const exporters = new Map([...cast.exporters].map(([id, standIn]): [string, readonly EventBatch[]] => [id, stage.sinks.get(standIn) ?? []]))
  const outcome: Outcome = { exporters, drops: dropsOf(instance, cast) }
  const reasons = differences(test.expect, outcome)
  return { passed: reasons.length === 0, reasons }
}

/** Rows that ended in components and on edges, by component and reason, under the names of the configuration. */
function dropsOf (instance: Instance, cast: Cast): ReadonlyMap<string, ReadonlyMap<string, number>> {
  const drops = new Map<string, Map<string, number>>()
  const realName = (name: string): string => {
    for (const [kind, names] of [['receiver', cast.receivers], ['exporter', cast.exporters]] as const) {
      for (const [real, standIn] of names) if (name === `${kind}/${standIn}`) return `${kind}/${real}`
    }
    return name
  }
  for (const family of instance.snapshot().families) {
    if (family.kind !== 'number' || !['tapio_component_dropped_events_total', 'tapio_edge_dropped_events_total'].includes(family.name)) continue
    for (const { attributes, value } of family.series) {
      if (Number(value) === 0) continue
      const name = realName(String(attributes['component'] ?? attributes['to']))
      const reasons = drops.get(name) ?? new Map<string, number>()
      drops.set(name, reasons.set(String(attributes['reason']), (reasons.get(String(attributes['reason'])) ?? 0) + Number(value)))
    }
  }
  return drops
}

const failed = (reasons: readonly string[]): CaseResult => ({ passed: false, reasons })
const messageOf = (error: unknown): string => error instanceof Error ? error.message : String(error)
