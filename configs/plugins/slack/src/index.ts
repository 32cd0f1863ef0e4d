/** A Tapio plugin: tells incidents to Slack, one message an incident, or to any webhook. */
import {
  accepted, definePlugin, defineComponent, Duration, Enum, Options, rejected, retry, Secret, Type, type ConfigFault, type EventBatch, type MetricDeclaration, type Outcome, type Services, type Static
} from 'tapio/plugin'
import { send, type Before, type Target } from './client.js'
import { incidentOf, type Told } from './incident.js'

const levels = ['low', 'medium', 'high', 'critical']

const schema = Options({
  webhook_url: Type.Optional(Secret({ description: 'A webhook of Slack, or of anybody with `format: json`. It can only send: one message when an incident opens, one when it gets worse, one when it is over.' })),
  token: Type.Optional(Secret({ description: 'In place of a webhook: a bot token (`xoxb-…`, scope `chat:write`). One message an incident, which is changed as it changes.' })),
  channel: Type.String({ default: '', description: 'With `token`: the id of the channel.' }),
  format: Enum(['slack', 'json'], { default: 'slack', description: 'With `webhook_url`: Block Kit, or `{incident: …}`.' }),
  min_severity: Enum(levels, { default: 'medium', description: 'Less severe incidents are not told.' }),
  link: Type.String({ default: '', description: 'Where an incident can be looked at: `https://tapio.example.org/incidents/{id}`.' }),
  timeout: Duration({ default: '10s', minimum: '50ms', description: 'Of one request.' }),
  api_url: Type.String({ default: 'https://slack.com/api', description: 'Of the Web API; another one for tests and proxies.' })
})

type SlackConfig = Static<typeof schema>

const messages: MetricDeclaration = { name: 'slack_messages', kind: 'counter', unit: '', attributes: ['result'], description: 'Messages: `sent`, `later` (to be tried again), `never` (refused for good).' }

export const slack = defineComponent({
  kind: 'exporter',
  type: 'slack',
  description: 'Tells incidents to Slack or to a webhook.',
  stability: 'beta',
  signals: ['events'],
  concurrency: 'single',
  schema,
  metrics: [messages],
  drops: {
    no_incident: 'Rows that are no incident: not for this exporter.',
    not_severe: 'Versions of incidents less severe than `min_severity`.',
    not_news: 'Versions of incidents that were told, or differ in nothing that a webhook tells.'
  },
  check: config => faults(config as SlackConfig),
  create: services => new SlackExporter(services)
})

function faults ({ webhook_url: webhook = '', token = '', channel }: SlackConfig): ConfigFault[] {
  if ((webhook === '') === (token === '')) return [{ path: [], message: `it needs one of \`webhook_url\` and \`token\`, found ${webhook === '' ? 'none' : 'both'}` }]
  if (token !== '' && channel === '') return [{ path: ['channel'], message: '`token` needs the id of a `channel`' }]
  return webhook === '' || /^https?:\/\//.test(webhook) ? [] : [{ path: ['webhook_url'], message: 'it must be a URL with https or http' }]
}

/** Incidents remembered; of older ones a further version is told anew. */
const maxKnown = 2000

interface Known extends Before { readonly version: number, readonly severity: string }

class SlackExporter {
  readonly #services: Services
  readonly #config: SlackConfig
  readonly #target: Target
  readonly #known = new Map<string, Known>()
  readonly #stop = new AbortController()
  /** One message after the other: Slack takes one a second a channel, and versions must not overtake each other. */
  #turn: Promise<unknown> = Promise.resolve()

  constructor (services: Services) {
    this.#services = services
    const config = this.#config = services.get('config') as SlackConfig
    this.#target = { webhook: config.webhook_url ?? '', token: config.token ?? '', channel: config.channel, apiUrl: config.api_url.replace(/\/+$/, ''), format: config.format, link: config.link, timeoutMs: config.timeout }
  }

  async consume (batch: EventBatch): Promise<Outcome> {
    const outcome = this.#turn.then(() => this.#tell(batch))
    this.#turn = outcome.catch(() => undefined)
    return await outcome
  }

  stop (): void { this.#stop.abort() }

  /** On `retry` the batch comes again, and what was told of it before is no news then. So nothing is counted before its end is known. */
  async #tell (batch: EventBatch): Promise<Outcome> {
    const counts = { no_incident: 0, not_severe: 0, not_news: 0 }
    const refusedRows: number[] = []
    let why = ''
    const newest = this.#newest(batch)
    for (const row of batch) {
      const told = row.get('name') === 'tapio.incident' ? incidentOf(row) : undefined
      if (told === undefined) { counts.no_incident++; continue }
      if (levels.indexOf(told.severity) < levels.indexOf(this.#config.min_severity) && !this.#known.has(told.id)) { counts.not_severe++; continue }
      if (newest.get(told.id) !== told.version || !this.#isNews(told)) { counts.not_news++; continue }
      const sent = await send(this.#target, told, this.#known.get(told.id), this.#stop.signal)
      this.#services.get('meter').counter(messages, { result: sent.status }).add(1)
      if (sent.status === 'later') {
        this.#services.get('status').recoverableError(sent.why)
        return retry(sent.why, sent.afterMs)
      }
      if (sent.status === 'sent') this.#remember(told, sent)
      else { refusedRows.push(row.row); why = sent.why }
    }
    for (const [reason, rows] of Object.entries(counts)) if (rows > 0) this.#services.get('drops').add(reason, rows)
    if (refusedRows.length > 0) {
      this.#services.get('status').recoverableError(why)
      return rejected(why, refusedRows.length, Uint32Array.from(refusedRows))
    }
    this.#services.get('status').ok()
    return accepted
  }

  /** Of several versions in a batch the last is told. */
  #newest (batch: EventBatch): ReadonlyMap<string, number> {
    const newest = new Map<string, number>()
    for (const row of batch) {
      const told = row.get('name') === 'tapio.incident' ? incidentOf(row) : undefined
      if (told !== undefined) newest.set(told.id, Math.max(told.version, newest.get(told.id) ?? 0))
    }
    return newest
  }

  #isNews ({ id, version, severity, isOpen }: Told): boolean {
    const known = this.#known.get(id)
    if (known === undefined) return isOpen || this.#target.format === 'json'
    if (version <= known.version) return false
    return this.#target.webhook === '' || this.#target.format === 'json' || isOpen !== known.isOpen || levels.indexOf(severity) > levels.indexOf(known.severity)
  }

  #remember ({ id, version, severity, isOpen }: Told, { ts, channel }: { readonly ts: string, readonly channel: string }): void {
    this.#known.delete(id)
    this.#known.set(id, { version, severity, isOpen, ts, channel })
    const [oldest] = this.#known.keys()
    if (this.#known.size > maxKnown && oldest !== undefined) this.#known.delete(oldest)
  }
}

export default definePlugin({
  name: 'tapio-plugin-slack', version: '0.1.0', tapio: '^0.1.0', description: 'Tells incidents to Slack or to a webhook.', components: [slack],
  // Where a webhook or proxy is, is up to the configuration.
  permissions: { network: ['*'] }
})
