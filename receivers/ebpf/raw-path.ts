/** The raw half of the dual path: every record that comes goes to the raw store as it is, and its event says where it is. */
import type { Clock } from '../../core/component/clock.js'
import { rawId } from '../../core/rawstore/segments.js'
import { RawStore, type RawStoreCounts } from '../../core/rawstore/store.js'
import type { RawField, RawType } from '../../core/rawstore/types.js'
import { recordTable, type Field, type RecordName, type RecordReader, type RecordSpec } from '../../native/index.js'
import type { EbpfConfig } from './config.js'

const header = recordTable.bench.fields

export class RawPath {
  private constructor (readonly store: RawStore) {}

  /** Throws the system's error. */
  static async open ({ raw_store: config }: EbpfConfig, clock: Clock, onError: (error: Error) => void): Promise<RawPath> {
    const { directory, retention, max_size, max_pending_size, flush_interval, compression, sampling } = config
    return new RawPath(await RawStore.open({
      directory, clock, onError, types: rawTypes(), sampling,
      maxAgeMs: retention, maxBytes: max_size, maxPendingBytes: max_pending_size, flushMs: flush_interval, compress: compression === 'deflate'
    }))
  }

  get counts (): RawStoreCounts { return this.store.counts }

  /** The id of the kept record, '' when it is not kept. `reader` stands at the record. */
  keep (name: RecordName, reader: RecordReader, bytes: Uint8Array, bootOffsetNs: bigint): string {
    const time = reader.wide(header.time_ns) + bootOffsetNs
    const number = this.store.append(recordTable[name].id, time, reader.wide(header.cgroup_id), reader.number(header.pid), bytes)
    return number < 0 ? '' : rawId(this.store.segment, number)
  }

  close (): Promise<void> { return this.store.close() }
}

/** The record table as the store describes it in its files, with what its plain bytes mean. */
export function rawTypes (): RawType[] {
  return Object.entries(recordTable as Readonly<Record<string, RecordSpec>>).map(([name, { id, fields }]) => {
    const described = Object.fromEntries(Object.entries(fields).map(([key, field]) => [key, describe(key, field)]))
    return { id, name, fields: name === 'exec' ? { ...described, ...commandLine(fields['data'] as Field) } : described }
  })
}

function describe (key: string, { kind, offset, size }: Field): RawField {
  if (key.endsWith('_address')) return { kind: 'address', offset, size, family: 'flow.family' }
  if (key === 'path') return { kind: 'text', offset, size, take: 'path_size' }
  return { kind, offset, size }
}

function commandLine ({ offset, size }: Field): Record<string, RawField> {
  return { filename: { kind: 'text', offset, size, take: 'filename_size' }, args: { kind: 'words', offset, size, skip: 'filename_size', take: 'args_size' } }
}
