/** A runtime over components that keep books, and the sums of the books. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Value } from '@sinclair/typebox/value'
import * as assert from 'uvu/assert'
import { finder } from '../../component/catalog.js'
import type { Kind } from '../../component/component.js'
import { componentId } from '../../component/id.js'
import { RecordingLogger } from '../../testing/services.js'
import { planGraph, type Plan } from '../plan.js'
import { Runtime } from '../runtime.js'
import { serviceDefaults, type PipelineSpec, type ServiceSpec } from '../spec.js'
import { components } from './ledger-components.js'

const catalog = [new URL('./ledger-components.js', import.meta.url).href]

/** Options of components by `kind/id`, and pipelines as `name: receivers | processors | exporters`. */
export interface LedgerGraph {
  readonly options?: Readonly<Record<string, object>>
  readonly pipelines: readonly string[]
  readonly service?: Partial<ServiceSpec>
}

export class Ledger {
  readonly directory = mkdtempSync(join(tmpdir(), 'tapio-ledger-'))
  readonly logger = new RecordingLogger()
  #runtime: Runtime | undefined

  get runtime (): Runtime { return this.#runtime as Runtime }

  plan ({ options = {}, pipelines, service = {} }: LedgerGraph): Plan {
    const specs: PipelineSpec[] = pipelines.map(text => {
      const [head = '', processors = '', exporters = ''] = text.split('|').map(part => part.trim())
      const [id = '', receivers = ''] = head.split(':').map(part => part.trim())
      const list = (part: string): string[] => part.split(' ').filter(item => item !== '')
      return { id, receivers: list(receivers), processors: list(processors), exporters: list(exporters) }
    })
    const kindOf = (id: string, kind: Kind): Kind => componentId('connector', id).type === 'ledger_forward' ? 'connector' : kind
    const used = new Map(specs.flatMap(p => [
      ...p.receivers.map(id => [kindOf(id, 'receiver'), id] as const), ...p.processors.map(id => ['processor', id] as const), ...p.exporters.map(id => [kindOf(id, 'exporter'), id] as const)
    ]).map(([kind, id]) => [`${kind}/${id}`, { kind, id }]))
    const find = finder(components)
    const planned = planGraph({
      catalog,
      service: { ...serviceDefaults, mode: 'debug', ...service },
      pipelines: specs,
      extensions: [],
      components: [...used].map(([name, { kind, id }]) => ({ kind, id, config: Value.Default(find(kind, componentId(kind, id).type)!.schema, { directory: this.directory, ...options[name] }) }))
    }, find, 2)
    if (!planned.ok) throw new Error(JSON.stringify(planned.faults))
    return planned.plan
  }

  async start (graph: LedgerGraph): Promise<Runtime> {
    this.#runtime = new Runtime({ plan: this.plan(graph), logger: this.logger, log: { level: 'error', format: 'json' } })
    await this.runtime.start()
    return this.runtime
  }

  change (graph: LedgerGraph, drainMs = 5000): ReturnType<Runtime['change']> { return this.runtime.change(this.plan(graph), drainMs) }

  /** Lines of `life`. */
  get life (): readonly string[] { return this.#read('life').toString().split('\n').filter(line => line !== '') }

  times (line: string): number { return this.life.filter(l => l.trim() === line).length }

  /** Rows that clients were told are accepted. */
  get accepted (): number { return this.#read('accepted').length / 16 }

  /** Different rows that a sink got. */
  delivered (sink = 'ledger_sink'): number { return this.#idsOf(`delivered.${sink.replace('/', '_')}`).size }

  outcomes (status: string): number { return this.#read('outcomes').toString().split('\n').filter(line => line === status).length }

  /** Each row that was accepted came out of the sinks, once; and nothing was given to a component that had stopped. */
  assertNothingLost (sinks: readonly string[] = ['ledger_sink']): void {
    const counts = new Map<string, number>()
    for (const sink of sinks) for (const [id, times] of this.#idsOf(`delivered.${sink.replace('/', '_')}`)) counts.set(id, (counts.get(id) ?? 0) + times)
    const lost = [...this.#idsOf('accepted').keys()].filter(id => !counts.has(id)).length
    assert.is(lost, 0, `${lost} of ${this.accepted} accepted rows are lost`)
    assert.is([...counts.values()].filter(times => times > 1).length, 0, 'no row came twice')
    assert.equal(this.life.filter(line => line.includes('after its stop')), [])
  }

  async close (): Promise<void> {
    await this.#runtime?.stop(2000)
    rmSync(this.directory, { recursive: true, force: true })
  }

  #read (book: string): Buffer {
    const file = join(this.directory, book)
    return existsSync(file) ? readFileSync(file) : Buffer.alloc(0)
  }

  #idsOf (book: string): Map<string, number> {
    const bytes = this.#read(book)
    const ids = new Map<string, number>()
    for (let at = 0; at < bytes.length; at += 16) {
      const id = bytes.toString('hex', at, at + 16)
      ids.set(id, (ids.get(id) ?? 0) + 1)
    }
    return ids
  }
}

/** Waits until `probe` is true; the deadline is for broken code only. */
export async function until (probe: () => boolean, what: string, timeoutMs = 20_000): Promise<void> {
  const endMs = performance.now() + timeoutMs
  while (!probe()) {
    if (performance.now() > endMs) throw new Error(`never: ${what}`)
    await new Promise(resolve => setTimeout(resolve, 5))
  }
}
