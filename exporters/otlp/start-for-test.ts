/**
 * A created exporter with everything it talks to, for the tests beside it and across rooms. It does not retry unless told to,
 * so that a test sees what became of one request.
 */
import { Value } from '@sinclair/typebox/value'
import { deadlineIn, testBench, type TestBench } from '../../core/testing/services.js'
import { schema } from './config.js'
import { OtlpExporter } from './exporter.js'

export interface StartedExporter extends TestBench {
  readonly exporter: OtlpExporter
  stop(withinMs?: number): Promise<void>
}

export function startExporter (config: object): StartedExporter {
  const bench = testBench('exporter', 'otlp', Value.Default(schema, { tls: { insecure: true }, retry_on_failure: { enabled: false }, ...config }))
  const exporter = new OtlpExporter(bench.services)
  return { ...bench, exporter, stop: (withinMs = 5000) => exporter.stop(deadlineIn(withinMs)) }
}
