/**
 * The same faults on Tapio and on the Go collector, each with a queue on disk that is forced to it before every answer, and no other
 * processor: what was lost, what came twice. Both sides use OTLP/HTTP with JSON, so the same client, backend and ledger serve both.
 */
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { cpus, release, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import Table from 'cli-table3'
import { stringify } from 'yaml'
import { seeded } from '../../core/data/testing/random.js'
import { goCollector } from '../peers/go-collector.js'
import { Backend } from './delivery/backend.js'
import { Ledger } from './delivery/ledger.js'
import { freePort } from '../free-port.js'
import { eventually, load } from './delivery/scene.js'
import { Supervised } from './supervised.js'

interface Stage { readonly ledger: Ledger, readonly backend: Backend, readonly backendPort: number, readonly port: number, readonly subject: Supervised, readonly queue: string, next(): Supervised }

/** Starts one of them in `folder` between `port` and `backendPort`. */
type Subject = (folder: string, port: number, backendPort: number, queueBytes: number) => Supervised

const tapio: Subject = (folder, port, backendPort, queueBytes) => new Supervised('tapio', ['--config', `yaml:${stringify({
  receivers: { otlp: { protocols: { http: { endpoint: `127.0.0.1:${port}` } } } },
  exporters: { otlp: { endpoint: `http://127.0.0.1:${backendPort}`, protocol: 'http/json', timeout: '1s', retry_on_failure: { initial_interval: '20ms', max_interval: '200ms', max_elapsed_time: 0 }, sending_queue: { enabled: true, directory: join(folder, 'queue'), fsync: 'always', max_size: queueBytes } } },
  service: { shutdown_timeout: '5s', telemetry: { metrics: { endpoint: '127.0.0.1:0' }, logs: { format: 'json' } }, pipelines: { logs: { receivers: ['otlp'], exporters: ['otlp'], durable: true } } }
})}`])

/** What its documentation recommends for data that must not be lost: `file_storage` with `fsync`, a persistent queue, retries without an end. */
function otelcol (binary: string): Subject {
  return (folder, port, backendPort, queueBytes) => {
    mkdirSync(join(folder, 'queue'), { recursive: true })
    const config = join(folder, 'otelcol.yaml')
    writeFileSync(config, stringify({
      extensions: { file_storage: { directory: join(folder, 'queue'), fsync: true, timeout: '10s' } },
      receivers: { otlp: { protocols: { http: { endpoint: `127.0.0.1:${port}` } } } },
      exporters: { otlp_http: { endpoint: `http://127.0.0.1:${backendPort}`, encoding: 'json', compression: 'none', timeout: '1s', retry_on_failure: { initial_interval: '20ms', max_interval: '200ms', max_elapsed_time: 0 }, sending_queue: { enabled: true, storage: 'file_storage', sizer: 'bytes', queue_size: queueBytes } } },
      service: { extensions: ['file_storage'], telemetry: { metrics: { level: 'none' } }, pipelines: { logs: { receivers: ['otlp'], exporters: ['otlp_http'] } } }
    }))
    return new Supervised('otelcol', ['--config', config], { command: [binary], runs: 'Everything is ready' })
  }
}

const records = 8000

async function settledOrNot ({ ledger }: Stage): Promise<void> {
  // A loss has no end to wait for: when nothing has come for a while, nothing will.
  for (let [last, quietMs] = [-1, 0]; ledger.missing > 0 && quietMs < 8000; quietMs = ledger.missing === last ? quietMs + 100 : 0, last = ledger.missing) await sleep(100)
}

const faults: Readonly<Record<string, (stage: Stage) => Promise<void>>> = {
  'kill -9 x8 under load': async stage => {
    const { ledger, backend, subject } = stage
    const random = seeded(8)
    const sent = load(stage, records)
    for (let kill = 0; kill < 8; kill++) {
      const until = Math.min(records - 400, ledger.acknowledged + 20 * (10 + random.below(30)))
      backend.behaviour = random.chance(0.5) ? 'slow' : 'takes'
      await eventually('load', () => ledger.acknowledged, n => n >= until, 120_000)
      await subject.kill()
    }
    backend.behaviour = 'takes'
    await sent()
  },
  'backend dead, queue fits': async stage => {
    await stage.backend.close()
    await load(stage, records)()
    await sleep(2000)
    await stage.backend.listen(stage.backendPort)
  },
  'backend dead, queue of 64 KiB': async stage => {
    await stage.backend.close()
    const sent = load(stage, records)
    await sleep(4000)
    await stage.backend.listen(stage.backendPort)
    await sent()
  },
  'SIGTERM under load, slow backend': async stage => {
    stage.backend.behaviour = 'slow'
    stage.backend.delayMs = 500
    const sent = load(stage, records)
    await eventually('load', () => stage.ledger.acknowledged, n => n >= records / 2, 120_000)
    await stage.subject.terminate()
    await stage.subject.ended
    stage.backend.behaviour = 'takes'
    stage.next()
    await sent()
  },
  'storage cut in half while away': async stage => {
    stage.backend.behaviour = 'unavailable'
    await load(stage, records)()
    await stage.subject.terminate()
    await stage.subject.ended.catch(() => undefined)
    const [file] = readdirSync(stage.queue).filter(n => !/sock|done/.test(n)).map(n => join(stage.queue, n)).sort((a, b) => statSync(b).size - statSync(a).size)
    if (file !== undefined) truncateSync(file, Math.floor(statSync(file).size / 2))
    stage.backend.behaviour = 'takes'
    const next = stage.next()
    await Promise.race([next.running, next.ended])
  }
}

async function play (subject: Subject, fault: string): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'tapio-peers-'))
  const ledger = new Ledger()
  const backend = new Backend(ledger)
  const started: Supervised[] = []
  try {
    const [port, backendPort] = [await freePort(), await backend.listen()]
    const begin = (): Supervised => { const s = subject(folder, port, backendPort, fault.includes('64 KiB') ? 64 << 10 : 256 << 20); started.push(s); return s }
    const stage: Stage = { ledger, backend, backendPort, port, subject: begin(), queue: join(folder, 'queue'), next: begin }
    await stage.subject.running
    const failure = await (faults[fault] as (stage: Stage) => Promise<void>)(stage).then(() => '', (error: Error) => `; ${error.message.split('\n')[0]?.slice(0, 160)}`)
    await settledOrNot(stage)
    const { acknowledged, lost, deliveredAgain } = ledger.totals()
    return `${lost.length} lost, ${deliveredAgain} twice of ${acknowledged}${failure}`
  } finally {
    for (const s of started) s.destroy()
    await backend.close()
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Prints a table. Without Go it has one column and says why. */
export async function comparePeers (): Promise<void> {
  const go = await goCollector('storage')
  console.log(`${cpus()[0]?.model ?? ''} x${cpus().length}, Linux ${release()}, Node ${process.version}, ${'skip' in go ? `no Go collector: ${go.skip}` : go.versions}`)
  const table = new Table({ head: ['fault', 'Tapio', ...('skip' in go ? [] : ['otelcol'])], style: { head: [], border: [] } })
  for (const fault of Object.keys(faults)) {
    const row = [fault, await play(tapio, fault), ...('skip' in go ? [] : [await play(otelcol(go.binary), fault)])]
    console.log(row.join(' | '))
    table.push(row)
  }
  console.log(table.toString())
}
