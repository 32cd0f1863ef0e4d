/**
 * What a run under kills leaves: a recording of all that was delivered, doubles included, beside the store that keeps each event once. The
 * pipeline is durable and gives both the same batches.
 */
import { existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { EventRow } from '../../../core/data/row.js'
import { openStore } from '../../../core/store/open.js'
import { maxPage } from '../../../core/store/store.js'
import { readPath } from '../../../receivers/file/source.js'

/** The exporters of a run in `folder`; each writes to the disk before it answers. */
export function evidenceExporters (folder: string): object {
  return {
    file: { path: join(folder, 'delivered', 'events.tapio'), create_directory: true, rotation: { max_size: 0 }, fsync: 'never' },
    store: { directory: join(folder, 'store'), keep: 'all', sync: 'commit', batch_timeout: '0s' }
  }
}

export interface Delivered { readonly id: string, readonly name: string, readonly message: string }

const maxFrameBytes = 1 << 26

/** Every row that was recorded, in order. What a kill tore is no row: its batch was not answered for. */
export async function recorded (folder: string): Promise<readonly Delivered[]> {
  const rows: Delivered[] = []
  const directory = join(folder, 'delivered')
  for (const name of existsSync(directory) ? readdirSync(directory).sort() : []) {
    for await (const item of readPath(join(directory, name), { format: 'msgpack', batch_rows: 256, max_frame_bytes: maxFrameBytes, signal: new AbortController().signal })) {
      if (item.kind === 'batch') for (const row of item.batch) rows.push(delivered(row))
    }
  }
  return rows
}

/** Bytes of the recording: it grows with what is delivered. */
export function recordedBytes (folder: string): number {
  const path = join(folder, 'delivered', 'events.tapio')
  return existsSync(path) ? statSync(path).size : 0
}

/** Every event the store has. */
export async function stored (folder: string): Promise<readonly Delivered[]> {
  const store = await openStore(join(folder, 'store'), { readOnly: true })
  try {
    const rows: Delivered[] = []
    for (let cursor: string | undefined; ;) {
      const page = await store.events({}, { order: 'oldest', limit: maxPage, ...(cursor === undefined ? {} : { cursor }) })
      for (const row of page.events) rows.push(delivered(row))
      if (page.next === undefined) return rows
      cursor = page.next
    }
  } finally { await store.close() }
}

function delivered (row: EventRow): Delivered {
  return { id: row.get('id') ?? '', name: row.get('name') ?? '', message: row.get('message') ?? '' }
}

export interface Verdict {
  readonly lost: readonly string[]
  /** Rows that were delivered more than once, the further times. */
  readonly doubled: number
  /** Doubles whose copies have other ids: nobody could recognise them. */
  readonly unrecognisable: readonly string[]
  /** Events the store has more than once, or none of the expected ones. */
  readonly storedWrong: readonly string[]
}

/** `expected`: what there was to tell, by `key`. */
export function judge (expected: readonly string[], recording: readonly Delivered[], store: readonly Delivered[], key: (row: Delivered) => string): Verdict {
  const ids = new Map<string, Set<string>>()
  for (const row of recording) ids.set(key(row), (ids.get(key(row)) ?? new Set()).add(row.id))
  const count = new Map<string, number>()
  for (const row of store) count.set(key(row), (count.get(key(row)) ?? 0) + 1)
  const all = new Set([...expected, ...count.keys()])
  return {
    lost: expected.filter(k => !ids.has(k)),
    doubled: recording.length - ids.size,
    unrecognisable: [...ids].filter(([, of]) => of.size > 1).map(([k]) => k),
    storedWrong: [...all].filter(k => count.get(k) !== 1 || !ids.has(k))
  }
}
