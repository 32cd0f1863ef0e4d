/** Stand-ins for the thinking processors: all pass rows on, `incident` makes of what it saw the incidents it is told to. For tests of `diagnose`. */
import { Type } from '@sinclair/typebox'
import type { Processor } from '../../component/component.js'
import { defineComponent, type ComponentFactory } from '../../component/factory.js'
import type { Incident } from '../../incidents/incident.js'
import { incidentRows } from '../../story/rows.js'

/** What the next run of `incident` says: versions in the middle of the flow, then at its end. */
export const script: { throws: boolean, first: readonly Incident[], last: Incident[] } = { throws: false, first: [], last: [] }

function passing (type: string): ComponentFactory {
  return defineComponent({
    kind: 'processor', type, description: 'Passes on.', stability: 'stable', signals: ['events', 'logs'], schema: Type.Object({}, { additionalProperties: true }), concurrency: 'single', metrics: [], drops: {},
    create: services => { const next = services.get('next'); return { consume: batch => next.consume(batch) } }
  })
}

const incident = defineComponent({
  ...passing('incident'),
  create: services => {
    const next = services.get('next')
    let batches = 0
    const processor: Processor = {
      async consume (batch) {
        if (script.throws) throw new Error('told to throw')
        if (batches++ === 0) for (const one of script.first) await next.consume(incidentRows(one, { withTrace: true }))
        return await next.consume(batch)
      },
      async stop () { for (const one of script.last.splice(0)) await next.consume(incidentRows(one)) }
    }
    return processor
  }
})

export const components: readonly ComponentFactory[] = [...['context', 'k8s_correlation', 'temporal_correlation', 'impact'].map(passing), incident]
