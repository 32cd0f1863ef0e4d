/**
 * What pods cost: memory in the index, time to list them, and what the k8s_attributes processor adds to a batch.
 * `npm run bench -- k8s-attributes`; about 15 s of CPU.
 */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { Worker } from 'node:worker_threads'
import { systemClock } from '../../core/component/clock.js'
import { parseOptions } from '../../core/config/options.js'
import type { EventBatch } from '../../core/data/batch.js'
import { EventIds } from '../../core/data/ids.js'
import { otlpRecord, resourceEnvelope } from '../../core/data/testing/otlp-record.js'
import { openAccess } from '../../core/kubernetes/access.js'
import { ApiClient } from '../../core/kubernetes/api-client.js'
import { ListWatch } from '../../core/kubernetes/list-watch.js'
import { pods } from '../../core/kubernetes/resources.js'
import { readExportRequest } from '../../core/otlp/reader.js'
import { Writer } from '../../core/otlp/values.js'
import { frameExportRequests } from '../../core/otlp/writer.js'
import { uuidOf } from '../../core/testing/api-server/pods.js'
import { PodIndex } from '../../core/topology/pod-index.js'
import { Associations } from '../../core/enrich/associate.js'
import type { K8sAttributesConfig } from '../../processors/k8s-attributes/config.js'
import { Enricher } from '../../core/enrich/enricher.js'
import { factory } from '../../processors/k8s-attributes/factory.js'
import { tagSelector } from '../../processors/k8s-attributes/tags.js'
import { clusterPod } from './k8s-pods.js'
import { printMachine, printTable, rate, secondsPerCall, type Report } from './report.js'

const count = 10_000

export async function run (report: Report): Promise<void> {
  report('# k8s_attributes')
  printMachine(report)
  const parsed = parseOptions(factory, { extract: { labels: [{ key: 'app.kubernetes.io/name' }, { key: 'team' }] } })
  if (!parsed.ok) throw new Error(parsed.faults.join())
  const config = parsed.value as K8sAttributesConfig
  // First, as the listed pages are garbage that the collector would walk through meanwhile.
  enrichment(report, config)
  await sync(report, config)
}

async function sync (report: Report, config: K8sAttributesConfig): Promise<void> {
  const worker = new Worker(new URL('./k8s-api-worker.js', import.meta.url), { workerData: { count } })
  const address = await new Promise<string>((resolve, reject) => { worker.once('message', resolve).once('error', reject) })
  const client = new ApiClient(openAccess(address))
  const index = new PodIndex({ clock: systemClock, selectTags: tagSelector(config.extract) })
  const before = heldBytes()
  const startedMs = performance.now()
  await new Promise<void>(resolve => {
    const watch = new ListWatch({ client, clock: systemClock, type: pods, selection: {}, sink: index, onState: ({ state }) => { if (state === 'watching') { resolve(watch.stop()) } } })
    watch.start()
  })
  const tookMs = performance.now() - startedMs
  client.close()
  await worker.terminate()
  const bytes = heldBytes() - before
  report(`${index.liveCount} pods of ${JSON.stringify(clusterPod(0)).length} bytes listed in pages of 500: ${tookMs.toFixed(0)} ms (the server's time on the same machine included)`)
  report(`held: ${(bytes / index.liveCount).toFixed(0)} bytes a pod (${(bytes / 2 ** 20).toFixed(1)} MiB; ${(index.byteLength / index.liveCount).toFixed(0)} of them in typed arrays), found by uid, address, name and container`)
}

/** After a full collection. */
function heldBytes (): number {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  collect()
  collect()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}

function enrichment (report: Report, config: K8sAttributesConfig): void {
  const index = new PodIndex({ clock: systemClock, selectTags: tagSelector(config.extract) })
  for (let i = 0; i < count; i++) index.put(clusterPod(i))
  const associations = new Associations(config.pod_association, index)
  const enricher = new Enricher(index, associations, config.extract.metadata, config.max_cache_size)
  report('CPU time a request of 1000 spans, received unread and framed again')
  const rows = [['resources', 'pass (us)', 'enriched, warm (us)', 'adds (us)', 'spans per CPU second', 'enriched, cold (us)', 'cold a resource (us)']]
  for (const resources of [1, 10, 100]) {
    const bytes = request(resources, 1000 / resources)
    const fresh = (): Enricher => new Enricher(index, associations, config.extract.metadata, config.max_cache_size)
    const [pass = 0, warm = 0, cold = 0] = inTurn([
      () => { frameExportRequests(receive(bytes)) },
      () => { frameExportRequests(enricher.enrich(receive(bytes))) },
      () => { frameExportRequests(fresh().enrich(receive(bytes))) }
    ])
    rows.push([String(resources), us(pass), us(warm), us(warm - pass), `${rate(1000 / pass)} -> ${rate(1000 / warm)}`, us(cold), us((cold - warm) / resources)])
  }
  printTable(report, rows)
  report('')
}

/** Medians of windows taken in turn: what the neighbours do meets all of them alike. */
function inTurn (works: readonly (() => void)[]): number[] {
  const windows = Array.from({ length: 9 }, () => works.map(work => secondsPerCall(work, 1, 40)))
  return works.map((_, i) => windows.map(w => w[i] as number).sort((a, b) => a - b)[4] as number)
}

const us = (seconds: number): string => (seconds * 1e6).toFixed(1)

function receive (bytes: Buffer): EventBatch {
  const result = readExportRequest('traces', bytes, { ids: new EventIds(), observedTimeUnixNano: 1n })
  if (!result.ok) throw new Error(result.error)
  return result.batch
}

/** As an SDK sends it: six resource attributes, spans of 150 bytes. */
function request (resources: number, spans: number): Buffer {
  const span = Writer.create().uint32(18).bytes(otlpRecord(1, { 'http.request.method': 'GET', 'http.route': '/cart/{id}', 'http.response.status_code': 200, 'server.address': 'cart.shop.svc' })).finish()
  const scope = Buffer.concat(Array.from({ length: spans }, () => span))
  const w = Writer.create()
  for (let i = 0; i < resources; i++) {
    const envelope = resourceEnvelope({ 'service.name': `workload-${i}`, 'service.version': '1.2.3', 'k8s.pod.uid': uuidOf(`pod ${i}`), 'telemetry.sdk.language': 'nodejs', 'telemetry.sdk.name': 'opentelemetry', 'telemetry.sdk.version': '2.0.0' })
    w.uint32(10).bytes(Buffer.concat([envelope, Writer.create().uint32(18).bytes(scope).finish()]))
  }
  return Buffer.from(w.finish())
}
