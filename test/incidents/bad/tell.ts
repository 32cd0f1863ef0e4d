/** Rows through the real processors: what is told, and how the engine stands afterwards. */
import { BatchBuilder } from '../../../core/data/builder.js'
import type { Engine } from '../../../core/correlation/engine.js'
import { engineOf } from '../../../core/correlation/engine.js'
import type { Incident } from '../../../core/incidents/incident.js'
import { accepted } from '../../../core/component/outcome.js'
import { chainOf } from '../../../core/testing/chain.js'
import { CollectingConsumer } from '../../../core/testing/services.js'
import { incidentsIn, thinkers } from '../run-story.js'
import { isBeside, type TimedRow } from './beside.js'

export interface Told {
  readonly engine: Engine
  /** All versions of all incidents. */
  readonly incidents: readonly Incident[]
  /** Those of the plain incident, as they were written. */
  readonly beside: string
  /** Of the pipeline, without what processors add. */
  readonly rowsOut: number
}

const batchRows = 500

/** Throws when anything in the pipeline does. */
export async function tell (rows: readonly TimedRow[], incident: Readonly<Record<string, unknown>> = {}): Promise<Told> {
  const incidents: Incident[] = []
  let rowsOut = 0
  const sink = new CollectingConsumer()
  sink.consume = async batch => {
    incidents.push(...incidentsIn(batch))
    for (const row of batch) if (row.get('source') !== 'tapio' && row.get('name') !== 'tapio.link') rowsOut++
    return accepted
  }
  const chain = await chainOf(thinkers().map(factory => ({ factory, config: factory.type === 'incident' ? { emit: { trace: false }, ...incident } : {} })), { sink })
  await chain.start()
  for (let from = 0; from < rows.length; from += batchRows) {
    const builder = new BatchBuilder()
    for (const { row } of rows.slice(from, from + batchRows)) builder.append(row)
    const { status } = await chain.head.consume(builder.finish())
    if (status !== 'accepted') throw new Error(`a batch was ${status}`)
  }
  await chain.stop()
  const engine = engineOf(chain.shared)
  return { engine, incidents, rowsOut, beside: JSON.stringify(incidents.filter(i => i.chain.every(step => isBeside(step.entity.namespace)))) }
}

/** In order of time; of one time the plain rows first. */
export function among (plain: readonly TimedRow[], bad: readonly TimedRow[]): TimedRow[] {
  return [...plain, ...bad].map((r, i) => [r, i] as const).sort(([a, i], [b, j]) => a.atMs - b.atMs || i - j).map(([r]) => r)
}

/** Where two documents differ, as paths with both values. */
export function difference (a: unknown, b: unknown, path: string): string[] {
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return a === b ? [] : [`${path}: ${JSON.stringify(a)} became ${JSON.stringify(b)?.slice(0, 300)}`]
  const keys = [...new Set([...Object.keys(a), ...Object.keys(b)])]
  return keys.flatMap(key => difference((a as Record<string, unknown>)[key], (b as Record<string, unknown>)[key], `${path}.${key}`))
}
