/** Where a page ended, with a mark of the question it belongs to. Opaque to callers, and may come from anybody. */
import { createHash } from 'node:crypto'
import { StoreError, maxPage, type PageOptions } from './store.js'
import { pack, unpack } from './tables.js'

export type Position = readonly (string | number | bigint)[]

export interface Paging {
  readonly limit: number
  readonly newestFirst: boolean
  readonly after: Position | undefined
  readonly signal: AbortSignal | undefined
  next(position: Position): string
}

/** Throws StoreError for a limit or cursor that does not fit. `kinds`: what a position of this question consists of. */
export function paging (question: object, kinds: readonly ('string' | 'number' | 'bigint')[], { limit = 100, cursor, order = 'newest', signal }: PageOptions = {}): Paging {
  if (!Number.isInteger(limit) || limit < 1 || limit > maxPage) throw new StoreError('query', `a page has 1 to ${maxPage} entries, found ${limit}`)
  signal?.throwIfAborted()
  const mark = createHash('sha256').update(`${order} ${JSON.stringify(Object.entries(question).sort(([a], [b]) => a < b ? -1 : 1))}`).digest('base64url').slice(0, 10)
  return {
    limit,
    newestFirst: order === 'newest',
    after: cursor === undefined ? undefined : parse(cursor, mark, kinds),
    signal,
    next: position => pack([mark, ...position.map(part => typeof part === 'bigint' ? part.toString() : part)]).toString('base64url')
  }
}

function parse (cursor: string, mark: string, kinds: readonly string[]): Position {
  const [found, ...parts] = decoded(cursor)
  if (found !== mark || parts.length !== kinds.length) throw new StoreError('query', 'the cursor is not one of this question and order')
  return parts.map((part, i) => {
    if (kinds[i] === 'bigint' && typeof part === 'string' && /^\d{1,20}$/.test(part)) return BigInt(part)
    if (kinds[i] === 'number' && typeof part === 'number' && Number.isFinite(part)) return part
    if (kinds[i] === 'string' && typeof part === 'string') return part
    throw new StoreError('query', 'the cursor is damaged')
  })
}

function decoded (cursor: string): unknown[] {
  try {
    const value = unpack(Buffer.from(cursor.slice(0, 4096), 'base64url'))
    return Array.isArray(value) ? value : []
  } catch {
    return []
  }
}

/** Lets others run, and ends a question nobody waits for. */
export async function breathe (signal: AbortSignal | undefined): Promise<void> {
  await new Promise(resolve => setImmediate(resolve))
  signal?.throwIfAborted()
}
