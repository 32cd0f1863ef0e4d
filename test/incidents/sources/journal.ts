/** One node's journal and bus: entries as `journalctl -o json` prints them, read by the systemd receiver's own code. */
import { BatchBuilder } from '../../../core/data/builder.js'
import type { EventBatch } from '../../../core/data/batch.js'
import { parseEntry } from '../../../receivers/systemd/journal-entry.js'
import { JournalEvents } from '../../../receivers/systemd/journal-events.js'
import { catalogue } from '../../../receivers/systemd/catalogue.js'
import { nodeAttributes } from './kernel.js'

const idsByName = new Map([...catalogue].map(([id, { name }]) => [name, id]))

export class JournalSource {
  readonly #events = new JournalEvents({ kernel: true, maxMessageLength: 16_384 })
  #sequence = 0

  constructor (readonly bootId: string, readonly node: string) {}

  /** A line of the kernel's log. */
  kernel (atMs: number, message: string, priority = 3): EventBatch {
    return this.#read(atMs, { _TRANSPORT: 'kernel', SYSLOG_IDENTIFIER: 'kernel', MESSAGE: message, PRIORITY: String(priority) })
  }

  /** What the service manager says of a unit. */
  unit (atMs: number, what: 'unit_started' | 'unit_stopped' | 'unit_failed' | 'unit_process_exit' | 'unit_restart_scheduled' | 'unit_start_failed' | 'unit_oom_kill' | 'clock_changed', unit: string, message: string, fields: Readonly<Record<string, string>> = {}): EventBatch {
    return this.#read(atMs, { _PID: '1', _UID: '0', _COMM: 'systemd', SYSLOG_IDENTIFIER: 'systemd', MESSAGE_ID: idsByName.get(what) as string, ...(unit === '' ? {} : { UNIT: unit, INVOCATION_ID: '5f0c' + this.bootId.slice(0, 28) }), MESSAGE: message, PRIORITY: what === 'unit_started' || what === 'unit_stopped' ? '6' : '4', ...fields })
  }

  /** What a service writes. */
  log (atMs: number, unit: string, message: string, priority: number): EventBatch {
    const name = unit.replace('.service', '')
    return this.#read(atMs, { _PID: '812', _UID: '0', _COMM: name.slice(0, 15), _SYSTEMD_UNIT: unit, _SYSTEMD_CGROUP: `/system.slice/${unit}`, SYSLOG_IDENTIFIER: name, MESSAGE: message, PRIORITY: String(priority) })
  }

  #read (atMs: number, fields: Readonly<Record<string, string>>): EventBatch {
    const micros = String(Math.round(atMs * 1000))
    const line = JSON.stringify({ __CURSOR: `s=${this.bootId};i=${(++this.#sequence).toString(16)};b=${this.bootId}`, __REALTIME_TIMESTAMP: micros, _SOURCE_REALTIME_TIMESTAMP: micros, _BOOT_ID: this.bootId, _HOSTNAME: this.node, _TRANSPORT: 'journal', ...fields })
    const entry = parseEntry(line)
    if (entry === undefined) throw new Error(`not an entry: ${line}`)
    const { event } = this.#events.read(entry)
    const builder = new BatchBuilder(1)
    builder.append({ ...event, observedTimeUnixNano: BigInt(Math.round(atMs)) * 1_000_000n, resource: { ...event.resource as Record<string, string>, ...nodeAttributes(this.node) } })
    return builder.finish()
  }
}
