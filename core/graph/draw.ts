/** A plan as a picture: text for a terminal, Mermaid for a document. */
import type { PipelinePlan, Plan } from './plan.js'

/**
 *     mode ring-buffer, threads: main, deliver, process-0, ingest
 *
 *     traces
 *       [ingest]     otlp
 *          = ring 32 MiB =>
 *       [process-0]  validation -> batch
 *          = ring 32 MiB =>
 *       [deliver]    file, debug
 */
export function drawText (plan: Plan): string {
  const head = `mode ${plan.service.mode}, threads: ${plan.threads.join(', ')}`
  return [head, ...[...plan.pipelines].reverse().map(p => drawPipeline(p, plan))].join('\n\n') + '\n'
}

function drawPipeline (p: PipelinePlan, plan: Plan): string {
  const stages: { threads: readonly string[], text: string }[] = []
  const add = (threads: readonly string[], text: string): void => { if (text !== '') stages.push({ threads, text }) }
  add([p.receiveThread], [p.realReceivers.join(', '), ...p.early].join(' -> '))
  const chain = [...(p.fromConnectors.length > 0 ? [`(${p.fromConnectors.join(', ')})`] : []), ...p.late, ...(p.toConnectors.length > 0 ? [`(${p.toConnectors.join(', ')})`] : [])]
  add(p.hasProcess ? p.processThreads : [plan.deliverThread], chain.join(' -> '))
  add([plan.deliverThread], p.realExporters.join(', '))
  const width = Math.max(...stages.map(s => s.threads.join(',').length)) + 2
  const lines = stages.flatMap((stage, i) => {
    const before = stages[i - 1]
    const crossing = before !== undefined && before.threads.join() !== stage.threads.join()
    const ring = crossing ? [`     = ring ${ringSize(plan, p)} =>`] : []
    return [...ring, `  ${`[${stage.threads.join(',')}]`.padEnd(width)}  ${stage.text}`]
  })
  return [`${p.id}${p.signal === undefined ? '' : ` (${p.signal})`}`, ...lines].join('\n')
}

function ringSize (plan: Plan, p: PipelinePlan): string {
  const ring = plan.rings.find(r => r.pipeline === p.id)
  return ring === undefined ? '' : `${ring.capacityBytes / 1024 / 1024} MiB`
}

/** https://mermaid.js.org/syntax/flowchart.html; one subgraph a thread. */
export function drawMermaid (plan: Plan): string {
  const lines = ['flowchart LR']
  const ids = new Map<string, string>()
  const node = (name: string): string => {
    let id = ids.get(name)
    if (id === undefined) { id = `n${ids.size}`; ids.set(name, id) }
    return id
  }
  for (const thread of plan.threads) {
    const members = membersOf(plan, thread)
    if (members.length === 0) continue
    lines.push(`  subgraph ${thread.replaceAll('-', '_')}["${thread}"]`, ...members.map(m => `    ${node(m.name)}${shape(m.kind, m.label)}`), '  end')
  }
  for (const p of plan.pipelines) lines.push(...arrows(p).map(([from, to]) => `  ${node(from)} -->|${p.id}| ${node(to)}`))
  return lines.join('\n') + '\n'
}

interface Member { readonly name: string, readonly label: string, readonly kind: 'receiver' | 'processor' | 'exporter' | 'connector' }

function membersOf (plan: Plan, thread: string): Member[] {
  const found = new Map<string, Member>()
  const add = (kind: Member['kind'], label: string, name: string): void => { found.set(name, { kind, label, name }) }
  for (const p of plan.pipelines) {
    if (thread === p.receiveThread) {
      for (const r of p.realReceivers) add('receiver', r, `receiver/${r}`)
      for (const id of p.early) add('processor', id, `${p.id}/${id}`)
    }
    if (thread === (p.processThreads[0] ?? plan.deliverThread)) {
      for (const id of p.late) add('processor', p.processThreads.length > 1 ? `${id} x${p.processThreads.length}` : id, `${p.id}/${id}`)
      for (const c of p.toConnectors) add('connector', c, `connector/${c}`)
    }
    if (thread === plan.deliverThread) for (const e of p.realExporters) add('exporter', e, `exporter/${e}`)
  }
  return [...found.values()]
}

function arrows (p: PipelinePlan): [string, string][] {
  const sources = [...p.realReceivers.map(r => `receiver/${r}`), ...p.fromConnectors.map(c => `connector/${c}`)]
  const targets = [...p.realExporters.map(e => `exporter/${e}`), ...p.toConnectors.map(c => `connector/${c}`)]
  const chain = p.processors.map(id => `${p.id}/${id}`)
  const [first, last] = [chain[0], chain.at(-1)]
  if (first === undefined || last === undefined) return sources.flatMap(s => targets.map((t): [string, string] => [s, t]))
  return [
    ...sources.map((s): [string, string] => [s, first]),
    ...chain.slice(1).map((to, i): [string, string] => [chain[i] as string, to]),
    ...targets.map((t): [string, string] => [last, t])
  ]
}

function shape (kind: Member['kind'], label: string): string {
  switch (kind) {
    case 'receiver': return `(["${label}"])`
    case 'exporter': return `[/"${label}"/]`
    case 'connector': return `{{"${label}"}}`
    case 'processor': return `["${label}"]`
  }
}
