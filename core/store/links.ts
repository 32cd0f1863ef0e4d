/**
 * Links by id, and by either end:
 *
 *   links      id -> [storedMs, the link], msgpack
 *   links_by   ['symptom', symptom, id] for cause and effect; ['stored', storedMs, id]: what goes first
 */
import type { Database } from 'lmdb'
import type { Link } from '../correlation/link.js'
import { breathe, paging } from './cursor.js'
import type { LinkPage, LinkQuery, PageOptions } from './store.js'
import { pack, unpack, type Tables } from './tables.js'

type Key = (string | number)[]

/** Beyond it the one not written for longest goes; 400 bytes each. */
const defaultMaxLinks = 500_000

export class LinkTable {
  readonly #documents: Database<Buffer, string>
  readonly #by: Database<unknown, Key>

  constructor (readonly tables: Tables, readonly maxLinks = defaultMaxLinks) {
    this.#documents = tables.documents('links')
    this.#by = tables.index('links_by') as Database<unknown, Key>
  }

  put (link: Link, storedMs: number): Promise<void> {
    return this.tables.change(() => {
      this.#forget(link.id)
      this.#documents.put(link.id, pack([storedMs, link])).catch(() => undefined)
      for (const key of keysOf(link, storedMs)) this.#by.put(key, 0).catch(() => undefined)
    })
  }

  get (id: string): Link | undefined { return this.#read(id)?.[1] }

  get count (): number { return this.#documents.getKeysCount() }

  /** Links at any of `symptoms`, or (`within`) with both ends among them. */
  async list (question: LinkQuery, symptoms: ReadonlySet<string>, within: boolean, options?: PageOptions): Promise<LinkPage> {
    const page = paging(question, ['string'], options)
    const ids = new Set<string>()
    for (const symptom of symptoms) {
      for (const key of this.#by.getKeys({ start: ['symptom', symptom], end: ['symptom', symptom, '\uffff'] })) ids.add(key[2] as string)
      await breathe(page.signal)
    }
    const after = page.after?.[0] as string | undefined
    const ordered = [...ids].sort()
    if (page.newestFirst) ordered.reverse()
    const found: Link[] = []
    for (const id of ordered) {
      if (after !== undefined && (page.newestFirst ? id >= after : id <= after)) continue
      const link = this.get(id)
      if (link === undefined || (within && !(symptoms.has(link.cause) && symptoms.has(link.effect)))) continue
      if (found.length === page.limit) return { links: found, next: page.next([(found[found.length - 1] as Link).id]) }
      found.push(link)
    }
    return { links: found }
  }

  /** Those written before `storedMs` go, and the oldest beyond the bound. At most `atMost` at a time. */
  prune (storedMs: number, atMost = 5000): Promise<number> {
    return this.tables.change(() => {
      let over = this.count - this.maxLinks
      const gone: Key[] = []
      for (const key of this.#by.getKeys({ start: ['stored'], end: ['stored', Infinity], limit: atMost })) {
        const isOver = over-- > 0
        if ((key[1] as number) >= storedMs && !isOver) break
        gone.push(key)
      }
      for (const key of gone) this.#forget(key[2] as string)
      return gone.length
    })
  }

  #forget (id: string): void {
    const known = this.#read(id)
    if (known === undefined) return
    for (const key of keysOf(known[1], known[0])) this.#by.remove(key).catch(() => undefined)
    this.#documents.remove(id).catch(() => undefined)
  }

  #read (id: string): [number, Link] | undefined {
    const bytes = this.#documents.get(id)
    return bytes === undefined ? undefined : unpack(bytes) as [number, Link]
  }
}

function keysOf ({ id, cause, effect }: Link, storedMs: number): Key[] {
  return [['symptom', cause, id], ['symptom', effect, id], ['stored', storedMs, id]]
}
