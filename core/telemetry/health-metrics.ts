/** Health as a metric, so that who watches metrics alone sees a component that fails. Main's: the board is there. */
import type { HealthBoard } from './health.js'
import type { Meter, MetricDeclaration } from './meter.js'
import { isFailing } from './status-machine.js'

export const componentFailing: MetricDeclaration = {
  name: 'component_failing', kind: 'gauge', unit: '', attributes: ['component'],
  description: 'Whether a component is in recoverable or permanent error: 1, else 0. Tapio is not ready then; `/readyz` says why.'
}

export class HealthMetrics {
  #known = new Set<string>()

  constructor (readonly board: Pick<HealthBoard, 'snapshot'>, readonly meter: Meter) {}

  /** Before each scrape. A component that has left with a reload fails no more. */
  sample (): void {
    const { components } = this.board.snapshot()
    const gone = this.#known
    this.#known = new Set(components.map(c => c.component))
    for (const { component, state } of components) this.#set(component, isFailing(state) ? 1 : 0)
    for (const component of gone) if (!this.#known.has(component)) this.#set(component, 0)
  }

  #set (component: string, value: number): void { this.meter.gauge(componentFailing, { component }).set(value) }
}
