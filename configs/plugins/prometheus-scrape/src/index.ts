/** A Tapio plugin: scrapes Prometheus targets. */
import { ByteSize, definePlugin, defineComponent, Duration, Options, Type, type ConfigFault, type MetricDeclaration, type Static } from 'tapio/plugin'
import { Scraper } from './scraper.js'

const schema = Options({
  targets: Type.Array(Type.String({ minLength: 1 }), { minItems: 1, maxItems: 1000, description: 'URLs: `http://127.0.0.1:9100/metrics`.' }),
  job: Type.String({ default: 'prometheus', minLength: 1, description: 'The `service.name` of what they say.' }),
  interval: Duration({ default: '15s', minimum: '100ms', description: 'From one scrape of a target to the next.' }),
  timeout: Duration({ default: '10s', minimum: '50ms', description: 'A target that has not answered in full after so long is down.' }),
  body_size_limit: ByteSize({ default: '16MiB', description: 'A target that says more is down: nothing of it is taken.' }),
  sample_limit: Type.Integer({ default: 100_000, minimum: 1, description: 'The same by its number of samples.' })
})

type ScrapeConfig = Static<typeof schema>

const scrapes: MetricDeclaration = { name: 'prometheus_scrapes', kind: 'counter', unit: '', attributes: ['result'], description: 'Scrapes of targets: `ok`, `failed`.' }
const duration: MetricDeclaration = { name: 'prometheus_scrape_duration', kind: 'histogram', unit: 'seconds', bounds: [0.005, 0.025, 0.1, 0.5, 1, 5, 10], description: 'How long a scrape took.' }

export const prometheusScrape = defineComponent({
  kind: 'receiver',
  type: 'prometheus_scrape',
  description: 'Scrapes Prometheus and OpenMetrics targets.',
  stability: 'beta',
  signals: ['metrics'],
  concurrency: 'single',
  schema,
  metrics: [scrapes, duration],
  drops: { not_taken: 'The pipeline had no room: the next scrape brings newer figures.' },
  check: config => (config as ScrapeConfig).targets.flatMap((target, i) => fault(target, i)),
  create (services) {
    const { targets, job, interval, timeout, body_size_limit: maxBytes, sample_limit: maxSamples } = services.get('config') as ScrapeConfig
    const [next, drops, clock, logger, status, meter] = [services.get('next'), services.get('drops'), services.get('clock'), services.get('logger'), services.get('status'), services.get('meter')]
    const scrapers = targets.map(url => new Scraper({
      url, job, intervalMs: interval, timeoutMs: timeout, maxBytes, maxSamples, next, drops, clock, logger, status,
      scraped: (result, seconds) => {
        meter.counter(scrapes, { result }).add(1)
        meter.histogram(duration).record(seconds)
      }
    }))
    return {
      start () { for (const scraper of scrapers) scraper.start() },
      async stop () { await Promise.all(scrapers.map(s => s.stop())) }
    }
  }
})

function fault (target: string, i: number): ConfigFault[] {
  if (URL.canParse(target) && /^https?:$/.test(new URL(target).protocol)) return []
  return [{ path: ['targets', i], message: `a target must be a URL with http or https, as http://127.0.0.1:9100/metrics, found "${target}"` }]
}

export default definePlugin({
  name: 'tapio-plugin-prometheus-scrape', version: '0.1.0', tapio: '^0.1.0', description: 'Scrapes Prometheus and OpenMetrics targets.', components: [prometheusScrape],
  permissions: { network: ['*'] }
})
