import type { Consumer, Deadline, Processor } from '../../core/component/component.js'
import type { Outcome } from '../../core/component/outcome.js'
import type { Services } from '../../core/component/services.js'
import { engineOf, type Engine } from '../../core/correlation/engine.js'
import { FedCheck } from '../../core/correlation/fed-check.js'
import type { EventBatch } from '../../core/data/batch.js'
import { Outbox } from '../../core/delivery/outbox.js'
import { impactOf } from '../../core/impact/impact.js'
import type { Incident, Level } from '../../core/incidents/incident.js'
import { StoryTeller } from '../../core/incidents/story-teller.js'
import { incidentRows } from '../../core/story/rows.js'
import type { Logger } from '../../core/telemetry/logger.js'
import type { Gauge, Histogram, Counter } from '../../core/telemetry/meter.js'
import type { IncidentConfig } from './config.js'
import { openIncidentsOf, toldIn, type ToldIncidents } from './before.js'
import { Knowing } from './knowing.js'
import * as declared from './metrics.js'

/** Rows of a document: the event, a span a step, a log record. */
const rowsOfDocument = 70

const levels: readonly Level[] = ['critical', 'high', 'medium', 'low']

export class IncidentProcessor implements Processor {
  readonly #config: IncidentConfig
  readonly #next: Consumer
  readonly #engine: Engine
  readonly #story: StoryTeller
  readonly #knowing: Knowing
  readonly #outbox: Outbox
  readonly #fed: FedCheck
  readonly #told: ToldIncidents
  readonly #logger: Logger
  #hasToldFailure = false
  readonly #gauges: { readonly open: (severity: string) => Gauge, readonly symptoms: Gauge, readonly links: Gauge, readonly bounded: (what: string) => Gauge }
  readonly #documents: (status: string) => Counter
  readonly #restoredIncidents: Counter
  readonly #thinking: Histogram
  /** The cause that was last told as a trace, by incident. */
  readonly #traced = new Map<string, string>()

  constructor (services: Services) {
    this.#config = services.get('config') as IncidentConfig
    this.#next = services.get('next')
    const [drops, meter, clock] = [services.get('drops'), services.get('meter'), services.get('clock')]
    this.#outbox = new Outbox({ next: this.#next, clock, maxRows: this.#config.max_incidents * rowsOfDocument, onLoss: (reason, rows) => drops.add(reason, rows) })
    this.#gauges = { open: severity => meter.gauge(declared.openIncidents, { severity }), symptoms: meter.gauge(declared.symptoms), links: meter.gauge(declared.links), bounded: what => meter.gauge(declared.bounded, { what }) }
    this.#restoredIncidents = meter.counter(declared.restoredIncidents)
    this.#documents = status => meter.counter(declared.documents, { status })
    this.#thinking = meter.histogram(declared.thinking)
    this.#engine = engineOf(services.get('shared'))
    this.#logger = services.get('logger')
    this.#fed = new FedCheck(this.#engine, 'incident', this.#logger, services.get('status'))
    const patterns = (state: string): Gauge => meter.gauge(declared.patterns, { state })
    this.#knowing = new Knowing({
      paths: this.#config.patterns, clock, logger: this.#logger, reloadMs: this.#config.patterns_reload,
      onLoad: ({ patterns: loaded, rejected, isFirst }) => {
        patterns('loaded').set(loaded)
        patterns('rejected').set(rejected)
        if (!isFirst) meter.counter(declared.reloads).add(1)
      }
    })
    this.#story = new StoryTeller(this.#engine, this.#knowing, impactOf, {
      confidenceThreshold: this.#config.confidence_threshold, windowMs: this.#config.window, openWeight: this.#config.open_weight, resolveAfterMs: this.#config.resolve_after, retentionMs: this.#config.group_retention_period,
      maxIncidents: this.#config.max_incidents, maxSymptoms: this.#config.max_symptoms, maxSubjects: this.#config.max_subjects, settleMs: this.#config.settle, silentFindings: this.#config.silent_findings
    }, incidents => { this.#tell(incidents) })
    this.#told = toldIn(services.get('shared'))
    this.#restored(this.#story.lifecycle.restore(this.#told.all))
    this.#engine.use('incident', { tick: tick => { this.#think(() => { this.#story.tick(tick) }) } })
  }

  async start (): Promise<void> {
    this.#knowing.start()
    const { restore_from: directory, max_incidents: most } = this.#config
    if (directory === undefined) return
    try {
      this.#restored(this.#story.lifecycle.restore(await openIncidentsOf(directory, most)))
    } catch (error) {
      // Without what was it works as the first time.
      this.#logger.warn('open incidents cannot be read from the store; what goes on of them will be incidents of its own', { directory, error })
    }
  }

  consume (batch: EventBatch): Outcome | Promise<Outcome> {
    this.#fed.saw(batch.count)
    return this.#next.consume(batch)
  }

  async stop (deadline: Deadline): Promise<void> {
    this.#knowing.stop()
    await this.#outbox.drain(deadline)
  }

  #restored (count: number): void {
    if (count === 0) return
    this.#restoredIncidents.add(count)
    this.#logger.info('incidents that were open are gone on with', { incidents: count })
  }

  #think (work: () => void): void {
    const started = process.cpuUsage()
    work()
    const { user, system } = process.cpuUsage(started)
    this.#thinking.record((user + system) / 1e6)
    for (const severity of levels) this.#gauges.open(severity).set(this.#story.lifecycle.openOf(severity))
    this.#gauges.symptoms.set(this.#engine.symptoms.size)
    this.#gauges.links.set(this.#engine.links.size)
    this.#gauges.bounded('symptoms').set(this.#engine.symptoms.evicted)
    this.#gauges.bounded('sightings').set(this.#engine.symptoms.refused)
    this.#gauges.bounded('links').set(this.#engine.links.refused)
    this.#gauges.bounded('absurd_times').set(this.#engine.absurdTimes)
    this.#gauges.bounded('subjects').set(this.#story.findings.waiting)
    this.#gauges.bounded('findings').set(this.#story.findings.refused)
    this.#tellFailures()
  }

  /** The first says what is wrong; of more there is the count. */
  #tellFailures (): void {
    const { failures, lastFailure } = this.#engine
    this.#gauges.bounded('failures').set(failures)
    if (failures === 0 || this.#hasToldFailure) return
    this.#hasToldFailure = true
    this.#logger.error('a part of correlation failed; the others went on', { failure: lastFailure })
  }

  #tell (incidents: readonly Incident[]): void {
    for (const incident of incidents) {
      this.#told.tell(incident)
      this.#documents(incident.status).add(1)
      const { document, trace } = this.#config.emit
      this.#outbox.add(incidentRows(incident, { withDocument: document, withTrace: trace && this.#isNewCause(incident) }))
    }
  }

  /** Backends keep every trace they get: one when it opens, and one when the answer is another. */
  #isNewCause ({ id, status, hypotheses: [best] }: Incident): boolean {
    const cause = `${best?.pattern ?? ''}|${JSON.stringify(best?.subject)}`
    if (this.#traced.get(id) === cause) { if (status === 'resolved') this.#traced.delete(id); return false }
    if (this.#traced.size >= this.#config.max_incidents) this.#traced.delete(this.#traced.keys().next().value as string)
    this.#traced.set(id, cause)
    return true
  }
}
