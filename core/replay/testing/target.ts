/** A catalog with one exporter, `target`, that answers as a test says and keeps what it was given. */
import { Options } from '../../config/schema.js'
import type { Exporter } from '../../component/component.js'
import { defineComponent, type ComponentFactory } from '../../component/factory.js'
import { accepted, type Outcome } from '../../component/outcome.js'
import type { EventBatch } from '../../data/batch.js'

export const target: { batches: EventBatch[], answer: (batch: EventBatch) => Outcome | Promise<Outcome> } = { batches: [], answer: () => accepted }

export function resetTarget (): void { Object.assign(target, { batches: [], answer: () => accepted }) }

export const components: readonly ComponentFactory[] = [defineComponent({
  kind: 'exporter', type: 'target', description: 'Of a test.', stability: 'stable', signals: ['traces', 'metrics', 'logs', 'profiles', 'events'],
  schema: Options({}), concurrency: 'single', metrics: [], drops: {},
  create: (): Exporter => ({
    async consume (batch) {
      const outcome = await target.answer(batch)
      if (outcome.status === 'accepted' || outcome.status === 'rejected') target.batches.push(batch)
      return outcome
    }
  })
})]

export const targetModule = import.meta.url
