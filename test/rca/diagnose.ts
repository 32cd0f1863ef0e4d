/** One dump through the real components in one thread: what `tapio diagnose` does, for many cases in one process. */
import { chainOf } from '../../core/testing/chain.js'
import { CollectingConsumer } from '../../core/testing/services.js'
import { RawEncoding } from '../../core/data/enums.js'
import type { Incident } from '../../core/incidents/incident.js'
import { processors } from '../../processors/index.js'
import { receivers } from '../../receivers/index.js'

const find = (type: string) => {
  const factory = [...receivers, ...processors].find(f => f.type === type)
  if (factory === undefined) throw new Error(`no component ${type}`)
  return factory
}

/** A dump that cannot be read to its end is said in the log only. */
const maxReadMs = 120_000

/** Best first. */
export async function diagnose (dir: string): Promise<Incident[]> {
  const sink = new CollectingConsumer()
  let finished: () => void = () => undefined
  const done = new Promise<void>(resolve => { finished = resolve })
  const stages = ['k8s_correlation', 'temporal_correlation', 'impact'].filter(type => processors.some(p => p.type === type))
  const chain = await chainOf([
    { factory: find('snapshot'), config: { paths: [dir], objects: 'all', on_end: 'stop' } },
    { factory: find('context'), config: { tick: 3_600_000, keep: 7 * 86_400_000 } },
    ...stages.map(type => ({ factory: find(type) })),
    { factory: find('incident'), config: { silent_findings: true, group_retention_period: 7 * 86_400_000, resolve_after: 7 * 86_400_000, open_weight: 0.2, emit: { document: true, trace: false } } }
  ], { sink, onFinish: () => { finished() } })
  await chain.start()
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => { timer = setTimeout(() => { reject(new Error(`not read within ${maxReadMs / 1000} s`)) }, maxReadMs) })
  await Promise.race([done, late]).finally(() => { clearTimeout(timer) })
  await chain.stop()
  return incidentsIn(sink)
}

/** The last version of each. */
export function incidentsIn (sink: CollectingConsumer): Incident[] {
  const byId = new Map<string, Incident>()
  for (const batch of sink.batches) {
    for (let i = 0; i < batch.count; i++) {
      if (batch.columns.rawEncoding?.[i] !== RawEncoding.tapioJson) continue
      const row = batch.at(i)
      if (row.get('name') === 'tapio.incident' && row.raw !== undefined) { const incident = JSON.parse(Buffer.from(row.raw).toString()) as Incident; byId.set(incident.id, incident) }
    }
  }
  return [...byId.values()].filter(i => i.mergedInto === undefined).sort((a, b) => (b.hypotheses[0]?.score ?? 0) - (a.hypotheses[0]?.score ?? 0) || (a.id < b.id ? -1 : 1))
}
