/** The official OpenTelemetry SDK for JavaScript as a client: its batching processor and its OTLP/HTTP exporter, with their own retries. */
import { setTimeout as sleep } from 'node:timers/promises'
import { OTLPLogExporter } from '@opentelemetry/exporter-logs-otlp-proto'
import { BatchLogRecordProcessor, LoggerProvider, type LogRecordExporter, type ReadableLogRecord } from '@opentelemetry/sdk-logs'

export interface SdkReport {
  made: number
  /** By number: the exporter was told that it is taken. */
  readonly acknowledged: Set<number>
  /** The exporter gave up (it retries five times). */
  readonly givenUp: Set<number>
}

export interface SdkOptions { readonly port: number, readonly recordsPerSecond: number, readonly firstId: number, readonly until: AbortSignal }

type Done = Parameters<LogRecordExporter['export']>[1]
/** ExportResultCode.SUCCESS of @opentelemetry/core, which is the SDK's own dependency. */
const success: number = 0

/** Notes what the exporter says of each record. */
class Watched implements LogRecordExporter {
  constructor (readonly inner: LogRecordExporter, readonly report: SdkReport) {}

  export (logs: ReadableLogRecord[], done: Done): void {
    this.inner.export(logs, result => {
      const ids = result.code === success ? this.report.acknowledged : this.report.givenUp
      for (const { body } of logs) ids.add(Number(body))
      done(result)
    })
  }

  shutdown (): Promise<void> { return this.inner.shutdown() }
  async forceFlush (): Promise<void> { await this.inner.forceFlush?.() }
}

/** Resolves when all it made is acknowledged or given up. */
export async function sdkClient ({ port, recordsPerSecond, firstId, until }: SdkOptions): Promise<SdkReport> {
  const report: SdkReport = { made: 0, acknowledged: new Set(), givenUp: new Set() }
  const exporter = new Watched(new OTLPLogExporter({ url: `http://127.0.0.1:${port}/v1/logs`, timeoutMillis: 60_000 }), report)
  const provider = new LoggerProvider({ processors: [new BatchLogRecordProcessor({ exporter, maxQueueSize: 100_000, scheduledDelayMillis: 200, exportTimeoutMillis: 60_000 })] })
  const logger = provider.getLogger('overload')
  const startMs = performance.now()
  while (!until.aborted) {
    const due = (performance.now() - startMs) / 1000 * recordsPerSecond
    for (; report.made < due; report.made++) logger.emit({ severityNumber: 9, body: firstId + report.made, attributes: { padding: 'sdk' } })
    await sleep(20)
  }
  await provider.shutdown()
  return report
}
