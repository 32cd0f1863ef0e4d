/** What each type of event must carry; system, service, metric, span, profile and unknown need nothing more. */
import { isIP } from 'node:net'
import type { EventBatch } from '../../core/data/batch.js'
import { EventType } from '../../core/data/enums.js'
import { Code } from './reasons.js'

export function checkByType (batch: EventBatch, codes: Uint8Array): void {
  const { type } = batch.columns
  const network = new NetworkRules(batch)
  for (let row = 0; row < codes.length; row++) {
    if (codes[row] !== 0) continue
    switch (type[row]) {
      case EventType.cpu: case EventType.disk: codes[row] = hasTask(batch, row) ? 0 : Code.kernel_incomplete; break
      case EventType.process: codes[row] = (batch.columns.pid?.[row] ?? 0) !== 0 && hasTask(batch, row) ? 0 : Code.process_incomplete; break
      case EventType.memory: codes[row] = hasTask(batch, row) || has(batch.columns.message, row) ? 0 : Code.memory_incomplete; break
      case EventType.network: codes[row] = network.check(row); break
      case EventType.log: codes[row] = has(batch.columns.message, row) || (batch.columns.rawEncoding?.[row] ?? 0) !== 0 ? 0 : Code.log_empty; break
      case EventType.kubernetes: codes[row] = isObject(batch, row) ? 0 : Code.kubernetes_incomplete; break
    }
  }
}

const has = (column: Uint32Array | undefined, row: number): boolean => column !== undefined && column[row] !== 0

const hasTask = ({ columns }: EventBatch, row: number): boolean => has(columns.syscall, row) || has(columns.comm, row)

const isObject = ({ columns }: EventBatch, row: number): boolean => has(columns.name, row) || (has(columns.entityKind, row) && has(columns.entityName, row))

/** Asks about each distinct string once: 0 = not asked, 1 = yes, 2 = no. */
class NetworkRules {
  #addresses: Uint8Array | undefined
  #tcp: Uint8Array | undefined

  constructor (readonly batch: EventBatch) {}

  check (row: number): number {
    const { protocol, sourceAddress, destinationAddress, sourcePort, destinationPort } = this.batch.columns
    if (protocol === undefined || protocol[row] === 0) return Code.network_no_protocol
    if (!this.#isAddress(sourceAddress?.[row] ?? 0) || !this.#isAddress(destinationAddress?.[row] ?? 0)) return Code.network_bad_address
    const noPorts = (sourcePort?.[row] ?? 0) === 0 && (destinationPort?.[row] ?? 0) === 0
    return noPorts && this.#isTcp(protocol[row] as number) ? Code.network_no_ports : 0
  }

  #isAddress (at: number): boolean {
    if (at === 0) return true
    const known = (this.#addresses ??= new Uint8Array(this.batch.strings.length))
    if (known[at] === 0) known[at] = isIP(this.batch.strings.at(at)) !== 0 ? 1 : 2
    return known[at] === 1
  }

  #isTcp (at: number): boolean {
    const known = (this.#tcp ??= new Uint8Array(this.batch.strings.length))
    if (known[at] === 0) known[at] = this.batch.strings.at(at).toLowerCase() === 'tcp' ? 1 : 2
    return known[at] === 1
  }
}
