/** A created exporter with everything it talks to; it comes back at once when it lost its server. */
import { Value } from '@sinclair/typebox/value'
import { systemClock } from '../../core/component/clock.js'
import { deadlineIn, testBench, type TestBench } from '../../core/testing/services.js'
import { schema } from './config.js'
import { TapioExporter } from './exporter.js'

export interface StartedExporter extends TestBench {
  readonly exporter: TapioExporter
  stop(withinMs?: number): Promise<void>
}

export function startExporter (config: object): StartedExporter {
  const bench = testBench('exporter', 'tapio', Value.Default(schema, { collector_id: 'c', reconnect: { initial_interval: 5, max_interval: 20 }, ...config }), { clock: systemClock })
  const exporter = new TapioExporter(bench.services)
  exporter.start()
  return { ...bench, exporter, stop: (withinMs = 5000) => exporter.stop(deadlineIn(withinMs)) }
}
