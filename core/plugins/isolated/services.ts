/** The services of a component in its plugin's thread: each call becomes a message, counts are gathered between two of them. */
import { systemClock } from '../../component/clock.js'
import type { Consumer } from '../../component/component.js'
import { rejected, type Outcome } from '../../component/outcome.js'
import { lookupsBy } from '../../component/lookup.js'
import { createShared, type ServiceValues } from '../../component/services.js'
import type { ComponentState, StatusReporter } from '../../component/status.js'
import type { EventBatch } from '../../data/batch.js'
import { encodeBatch } from '../../data/codec.js'
import { SharedPressure } from '../../pressure/pressure.js'
import { Inquirer } from '../../threads/inquirer.js'
import type { LogFields, Logger, LogLevel } from '../../telemetry/logger.js'
import type { Meter, MetricAttributes, MetricDeclaration } from '../../telemetry/meter.js'
import type { FromPlugin, MetricCount, PluginBirth } from './protocol.js'

type Send = (message: FromPlugin, handOver?: ArrayBuffer[]) => void

/** Bytes passed on whose outcome is not known, before a component that passes on more waits. */
const maxPassingBytes = 32 << 20
const maxPassing = 128
/** Lines a second; a plugin that logs in a loop must not fill the log of all. */
const maxLinesPerSecond = 50
const maxGathered = 1000

export class PluginServices {
  readonly values: Omit<ServiceValues, 'id' | 'config'>
  readonly #send: Send
  readonly #metrics: readonly MetricDeclaration[]
  readonly #inquirer = new Inquirer((id, question, argument) => this.#send({ type: 'inquire', id, question, argument }))
  readonly #passing = new Map<number, { readonly bytes: number, readonly resolve: (outcome: Outcome) => void }>()
  #passingBytes = 0
  readonly #waiting: (() => void)[] = []
  #nextId = 0
  #drops = new Map<string, number>()
  #counts = new Map<string, MetricCount>()
  #lines = { second: 0, count: 0 }

  constructor (birth: PluginBirth, metrics: readonly MetricDeclaration[], send: Send) {
    this.#send = send
    this.#metrics = metrics
    this.values = {
      logger: this.#logger({}),
      meter: this.#meter(),
      clock: systemClock,
      status: this.#status(),
      drops: { add: (reason, rows) => { this.#drops.set(String(reason), (this.#drops.get(String(reason)) ?? 0) + rows) } },
      next: this.#output(''),
      outputs: new Map(birth.outputs.map(name => [name, this.#output(name)])),
      nextBorrows: false,
      shared: createShared(),
      pressure: new SharedPressure(birth.pressure),
      senders: { canWait: birth.sendersWait },
      ...lookupsBy(this.#inquirer.ask)
    }
  }

  replied (id: number, ok: boolean, answer: unknown): void { this.#inquirer.replied(id, ok, answer) }

  /** What became of a batch that was passed on. */
  passed (id: number, outcome: Outcome): void {
    const passing = this.#passing.get(id)
    if (passing === undefined) return
    this.#passing.delete(id)
    this.#passingBytes -= passing.bytes
    passing.resolve(outcome)
    this.#waiting.shift()?.()
  }

  /** Sends what instruments and drops were told. */
  flush (): void {
    if (this.#drops.size + this.#counts.size === 0) return
    this.#send({ type: 'counts', drops: [...this.#drops], metrics: [...this.#counts.values()] })
    this.#drops = new Map()
    this.#counts = new Map()
  }

  #output (output: string): Consumer {
    return {
      consume: async (batch: EventBatch): Promise<Outcome> => {
        while (this.#passingBytes > maxPassingBytes || this.#passing.size >= maxPassing) await new Promise<void>(resolve => { this.#waiting.push(resolve) })
        return await this.#pass(output, batch)
      }
    }
  }

  #pass (output: string, batch: EventBatch): Outcome | Promise<Outcome> {
    let document: Buffer
    try {
      document = encodeBatch(batch)
    } catch (error) {
      this.#send({ type: 'malformed', rows: rowsOf(batch), why: error instanceof Error ? error.message : String(error) })
      return rejected('this is no batch', rowsOf(batch))
    }
    const id = this.#nextId++
    const bytes = document.byteLength
    this.#passingBytes += bytes
    return new Promise(resolve => {
      this.#passing.set(id, { bytes, resolve })
      this.#send({ type: 'pass', id, output, rows: rowsOf(batch), document }, [document.buffer as ArrayBuffer])
    })
  }

  #logger (base: LogFields): Logger {
    const line = (level: LogLevel) => (message: string, fields: LogFields = {}): void => {
      const second = Math.floor(performance.now() / 1000)
      if (this.#lines.second !== second) this.#lines = { second, count: 0 }
      if (++this.#lines.count > maxLinesPerSecond) return
      this.#send({ type: 'log', level, message: String(message).slice(0, 4000), fields: plain({ ...base, ...fields }) })
    }
    return { debug: line('debug'), info: line('info'), warn: line('warn'), error: line('error'), child: fields => this.#logger({ ...base, ...fields }) }
  }

  #status (): StatusReporter {
    const tell = (state: ComponentState) => (reason = ''): void => this.#send({ type: 'status', state, reason: String(reason).slice(0, 512) })
    return { ok: tell('ok'), degraded: tell('degraded'), recoverableError: tell('recoverable_error'), permanentError: tell('permanent_error') }
  }

  #meter (): Meter {
    return {
      counter: (d, a = {}) => ({ add: n => { this.#count(d, a).value += n } }),
      gauge: (d, a = {}) => ({ set: value => { this.#count(d, a).value = value } }),
      histogram: (d, a = {}) => ({ record: value => { this.#count(d, a).samples.push(value) } })
    }
  }

  #count (declaration: MetricDeclaration, attributes: MetricAttributes): MetricCount {
    const metric = this.#metrics.findIndex(m => m.name === declaration.name && m.kind === declaration.kind)
    if (metric < 0) throw new Error(`metric ${declaration.name} is not in the factory's list of metrics`)
    const key = `${metric} ${JSON.stringify(attributes)}`
    let count = this.#counts.get(key)
    if (count !== undefined && count.samples.length < maxGathered) return count
    if (count !== undefined || this.#counts.size >= maxGathered) this.flush()
    count = { metric, attributes, value: 0, samples: [] }
    this.#counts.set(key, count)
    return count
  }
}

/** Of what may be no batch: at least something was to be passed on. */
function rowsOf (batch: EventBatch | null | undefined): number {
  const count = batch?.count
  return count !== undefined && Number.isSafeInteger(count) && count >= 0 ? count : 1
}

/** Only what can cross threads. */
function plain (fields: LogFields): LogFields {
  try {
    return JSON.parse(JSON.stringify(fields, (_key, value: unknown) => value instanceof Error ? value.message : typeof value === 'bigint' ? String(value) : value)) as LogFields
  } catch {
    return { note: 'the fields of this line could not be sent' }
  }
}
