/**
 * The two that are compared, each with a queue on disk that is forced to it before every answer, and no other processor. Both sides speak
 * OTLP/HTTP with JSON, so the same client, backend and ledger serve both.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { Supervised } from '../supervised.js'

export interface Placement {
  /** Of the configuration. */
  readonly folder: string
  readonly queue: string
  readonly queueBytes: number
  readonly port: number
  readonly backendPort: number
  /** Put before the program: `Supervised`'s. */
  readonly within: readonly string[]
}

export interface Subject {
  readonly name: string
  /** Writes its configuration; another `edition` has the same meaning and another text, for a reload. */
  configure(placement: Placement, edition: number): void
  start(placement: Placement): Supervised
}

const retries = (edition: number): object => ({ initial_interval: `${20 + edition}ms`, max_interval: '200ms', max_elapsed_time: 0 })

export const tapio: Subject = {
  name: 'Tapio',
  configure: ({ folder, queue, queueBytes, port, backendPort }, edition) => {
    writeFileSync(join(folder, 'tapio.yaml'), stringify({
      receivers: { otlp: { protocols: { http: { endpoint: `127.0.0.1:${port}` } } } },
      exporters: { otlp: { endpoint: `http://127.0.0.1:${backendPort}`, protocol: 'http/json', timeout: '1s', retry_on_failure: retries(edition), sending_queue: { enabled: true, directory: queue, fsync: 'always', max_size: queueBytes } } },
      service: { shutdown_timeout: '5s', telemetry: { metrics: { endpoint: '127.0.0.1:0' }, logs: { format: 'json' } }, pipelines: { logs: { receivers: ['otlp'], exporters: ['otlp'], durable: true } } }
    }))
  },
  start: ({ folder, within }) => new Supervised('tapio', ['--config', join(folder, 'tapio.yaml')], { within })
}

/** What its documentation recommends for data that must not be lost: `file_storage` with `fsync`, a persistent queue, retries without an end. */
export function otelcol (binary: string): Subject {
  return {
    name: 'otelcol',
    configure: ({ folder, queue, queueBytes, port, backendPort }, edition) => {
      writeFileSync(join(folder, 'otelcol.yaml'), stringify({
        extensions: { file_storage: { directory: queue, create_directory: true, fsync: true, timeout: '10s' } },
        receivers: { otlp: { protocols: { http: { endpoint: `127.0.0.1:${port}` } } } },
        exporters: { otlp_http: { endpoint: `http://127.0.0.1:${backendPort}`, encoding: 'json', compression: 'none', timeout: '1s', retry_on_failure: retries(edition), sending_queue: { enabled: true, storage: 'file_storage', sizer: 'bytes', queue_size: queueBytes } } },
        service: { extensions: ['file_storage'], telemetry: { metrics: { level: 'none' } }, pipelines: { logs: { receivers: ['otlp'], exporters: ['otlp_http'] } } }
      }))
    },
    start: ({ folder, within }) => new Supervised('otelcol', ['--config', join(folder, 'otelcol.yaml')], { within, command: [binary], runs: 'Everything is ready' })
  }
}
