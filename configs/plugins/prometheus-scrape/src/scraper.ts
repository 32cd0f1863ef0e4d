/** Asks one target at an interval, as Prometheus does, and passes on what it says, with `up` and how long it took. */
import { BatchBuilder, inTime, type Attributes, type Clock, type Consumer, type Drops, type EventBatch, type Logger, type StatusReporter } from 'tapio/plugin'
import { readExposition, type Exposition, type Family } from './exposition.js'
import { otlpMetric } from './otlp-metric.js'

export interface ScraperParts {
  readonly url: string
  readonly job: string
  readonly intervalMs: number
  readonly timeoutMs: number
  readonly maxBytes: number
  readonly maxSamples: number
  readonly next: Consumer
  readonly drops: Drops
  readonly clock: Clock
  readonly logger: Logger
  readonly status: StatusReporter
  scraped (result: 'ok' | 'failed', seconds: number): void
}

const accept = 'application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5'

export class Scraper {
  readonly #parts: ScraperParts
  readonly #resource: Attributes
  readonly #over = new AbortController()
  #running: Promise<void> = Promise.resolve()
  #cancel: () => void = () => undefined
  #startedMs = 0

  constructor (parts: ScraperParts) {
    this.#parts = parts
    const { hostname, port, protocol, host } = new URL(parts.url)
    const scheme = protocol.slice(0, -1)
    this.#resource = { 'service.name': parts.job, 'service.instance.id': host, 'server.address': hostname, 'server.port': Number(port) || (scheme === 'https' ? 443 : 80), 'url.scheme': scheme }
  }

  start (): void {
    this.#startedMs = Date.now()
    this.#at(0)
  }

  async stop (): Promise<void> {
    this.#cancel()
    this.#over.abort()
    await this.#running
  }

  /** The next look is counted from the beginning of this one; one that takes longer is waited for. */
  #at (waitMs: number): void {
    if (this.#over.signal.aborted) return
    this.#cancel = this.#parts.clock.after(waitMs, () => {
      const beganMs = this.#parts.clock.monotonicMs()
      this.#running = this.#look().finally(() => this.#at(Math.max(0, beganMs + this.#parts.intervalMs - this.#parts.clock.monotonicMs())))
    })
  }

  async #look (): Promise<void> {
    const { clock, maxSamples, logger, status, url } = this.#parts
    const beganMs = clock.monotonicMs()
    const nowMs = Date.now()
    let said: Exposition | undefined
    try {
      said = readExposition(await this.#fetch(), maxSamples)
      if (said.cut) throw new Error(`more than ${maxSamples} samples (sample_limit)`)
      if (said.badLines > 0) logger.warn('lines of a target could not be read', { url, lines: said.badLines })
      status.ok()
    } catch (error) {
      if (this.#over.signal.aborted) return
      said = undefined
      const why = error instanceof Error ? error.cause instanceof Error ? error.cause.message : error.message : String(error)
      status.degraded(`${url}: ${why}`)
      logger.warn('a target could not be scraped', { url, why })
    }
    const seconds = (clock.monotonicMs() - beganMs) / 1000
    this.#parts.scraped(said === undefined ? 'failed' : 'ok', seconds)
    await this.#pass(this.#batch(said, nowMs, seconds))
  }

  /** Throws with what is wrong. */
  async #fetch (): Promise<string> {
    return await inTime(this.#parts.timeoutMs, this.#over.signal, signal => this.#read(signal))
  }

  async #read (signal: AbortSignal): Promise<string> {
    const { url, maxBytes } = this.#parts
    const response = await fetch(url, { headers: { accept, 'user-agent': 'tapio-plugin-prometheus-scrape' }, redirect: 'manual', signal })
    if (response.status !== 200 || response.body === null) {
      await response.body?.cancel()
      throw new Error(`it answered ${response.status}`)
    }
    const chunks: Uint8Array[] = []
    let bytes = 0
    for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
      bytes += chunk.byteLength
      // Leaving the loop cancels the rest.
      if (bytes > maxBytes) throw new Error(`more than ${maxBytes} bytes (body_size_limit)`)
      chunks.push(chunk)
    }
    return Buffer.concat(chunks).toString('utf8')
  }

  #batch (said: Exposition | undefined, nowMs: number, seconds: number): EventBatch {
    const own = (name: string, help: string, unit: string, value: number): Family => ({ name, type: 'gauge', help, unit, samples: [{ name, labels: new Map(), value, timeMs: undefined }] })
    const builder = new BatchBuilder()
    for (const family of [
      ...said?.families ?? [],
      own('up', 'Whether the target was scraped.', '', said === undefined ? 0 : 1),
      own('scrape_duration_seconds', 'How long the scrape took.', 's', seconds),
      own('scrape_samples_scraped', 'How many samples it brought.', '', said?.samples ?? 0)
    ]) {
      const { bytes, points, kind, value } = otlpMetric(family, nowMs, this.#startedMs)
      if (points === 0) continue
      builder.append({
        signal: 'metrics', type: 'metric', name: family.name, source: 'prometheus', timeUnixNano: BigInt(nowMs) * 1_000_000n, resource: this.#resource, metricKind: kind, dataPointCount: points,
        ...Number.isNaN(value) ? {} : { metricValue: value }, ...family.unit === '' ? {} : { metricUnit: family.unit }, raw: { encoding: otlpMetricEncoding, bytes }
      })
    }
    return builder.finish()
  }

  /** What cannot be taken now is not kept: the next scrape brings newer figures. */
  async #pass (batch: EventBatch): Promise<void> {
    const outcome = await this.#parts.next.consume(batch)
    if (outcome.status === 'retry' || outcome.status === 'refused') this.#parts.drops.add('not_taken', batch.count)
  }
}

const otlpMetricEncoding = 3
