/** The `Drops` service of a component: every row that ends in it on purpose, by reason. */
import type { Drops } from '../component/services.js'
import type { Meter, MetricDeclaration } from './meter.js'
import { ReasonCounters } from './reason-counters.js'

export const componentDropped: MetricDeclaration = {
  name: 'component_dropped',
  kind: 'counter',
  unit: 'events',
  description: 'Rows that ended in a component on purpose. The reasons are listed with the component.',
  attributes: ['reason']
}

/** Counts into the series of the component whose meter this is. */
export function createDrops (meter: Meter): Drops {
  return new ReasonCounters(meter, componentDropped)
}
