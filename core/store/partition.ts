/**
 * Events stored within one stretch of time: one LMDB file, written until it is full or old, then only read, then deleted whole. So
 * retention costs no write, no freed page has to be found again, and the file cannot grow beyond its bound.
 *
 *   blocks   number of the first event -> block.ts
 *   heads    number of the first event -> block.ts, head
 *   index    number of the first event * 256 + shard -> block-index.ts
 *   ids      id without its last byte -> id-pages.ts
 *   info     0 -> how often blocks were merged, u32
 */
import { rmSync, statSync } from 'node:fs'
import type { Database } from 'lmdb'
import { decodeHead, encodeHead, readBlock, readBlockAside, type Block, type BlockHead } from './block.js'
import { lookUp, shardOf } from './block-index.js'
import { eventIn, pageKeyBytes, type NewIds } from './id-pages.js'
import { openLmdb, type BinaryDatabase } from './lmdb-file.js'
import type { EventBatch } from '../data/batch.js'

const shardsPerBlock = 256

export class Partition {
  readonly #env: BinaryDatabase
  readonly #dbs = new Map<string, Database<Buffer, never>>()
  /** In the order stored. */
  readonly #heads: BlockHead[] = []
  #merges = 0
  #order: { byMax: BlockHead[], byMin: BlockHead[] } | undefined
  #pins = 0
  #closing = false
  minNano = 0n
  maxNano = 0n

  /** Throws StoreError. */
  constructor (readonly id: number, readonly path: string, readonly readOnly: boolean) {
    this.#env = openLmdb(path, readOnly, 8)
    this.refresh()
  }

  get heads (): readonly BlockHead[] { return this.#heads }
  get blocks (): number { return this.#heads.length }
  /** Events kept; also the number of the next one. */
  get nextEvent (): number { const last = this.#heads[this.#heads.length - 1]; return last === undefined ? 0 : last.first + last.rows }
  get bytes (): number { return statSync(this.path, { throwIfNoEntry: false })?.size ?? 0 }
  /** When its first and last events were stored, milliseconds since the epoch; undefined while it is empty. */
  get firstStoredMs (): number | undefined { return this.#heads[0]?.storedMs }
  get lastStoredMs (): number | undefined { return this.#heads[this.#heads.length - 1]?.storedMs }

  /** Looks at what another process has written since. */
  refresh (): void {
    this.#env.resetReadTxn()
    const [heads, info] = [this.#numbered('heads'), this.#numbered('info')]
    if (heads === undefined) return
    const merges = mergesIn(info)
    if (merges !== this.#merges) {
      this.#heads.length = 0
      this.#merges = merges
    }
    for (const { key, value } of heads.getRange({ start: this.nextEvent })) this.#know(decodeHead(key, value))
  }

  /** Whether blocks were merged that `heads` does not know of; a question asks after each pause. */
  isStale (): boolean {
    this.#env.resetReadTxn()
    return mergesIn(this.#numbered('info')) !== this.#merges
  }

  get isPinned (): boolean { return this.#pins > 0 }

  async write (blocks: readonly Block[], ids: NewIds): Promise<void> {
    await this.#change(({ pages, ...tables }, put) => {
      for (const block of blocks) putBlock(tables, block, put)
      for (const [key, runs] of ids.added()) {
        const known = pages.get(key)
        put(pages.put(key, known === undefined ? runs : Buffer.concat([known, runs])))
      }
    })
    // A question may have looked since the commit.
    for (const { head } of blocks) if (head.first === this.nextEvent) this.#know(head)
  }

  /** Puts `block` in the place of all blocks of the same events. */
  async replace (old: readonly BlockHead[], block: Block): Promise<void> {
    const merges = this.#merges + 1
    const count = Buffer.alloc(4)
    count.writeUInt32LE(merges)
    await this.#change(({ info, ...tables }, put) => {
      for (const { first, indexBits } of old) {
        put(tables.blocks.remove(first))
        put(tables.heads.remove(first))
        for (let shard = 0; shard < 1 << indexBits; shard++) put(tables.index.remove(first * shardsPerBlock + shard))
      }
      putBlock(tables, block, put)
      put(info.put(0, count))
    })
    if (this.#merges === merges) return
    this.#merges = merges
    this.#heads.splice(this.#heads.indexOf(old[0] as BlockHead), old.length, block.head)
    this.#order = undefined
  }

  /** All of `work` or nothing of it. */
  async #change (work: (tables: WritableTables, put: (done: Promise<boolean>) => void) => void): Promise<void> {
    const [blocks, heads, index, info, pages] = [this.#numbered('blocks'), this.#numbered('heads'), this.#numbered('index'), this.#numbered('info'), this.#pages()]
    if (blocks === undefined || heads === undefined || index === undefined || info === undefined || pages === undefined) throw new Error(`${this.path} has no tables`)
    const lost: unknown[] = []
    await this.#env.batch(() => { work({ blocks, heads, index, info, pages }, done => { done.catch((error: unknown) => lost.push(error)) }) })
    if (lost.length > 0) throw lost[0]
  }

  async flushed (): Promise<void> { await this.#env.flushed }

  /** Undefined: it cannot be read. */
  read ({ first }: BlockHead): EventBatch | undefined {
    // Not copied: it is good until the next look at the database.
    const value = this.#numbered('blocks')?.getBinaryFast(first)
    return value === undefined ? undefined : readBlock(value)
  }

  /** The same, for the most part on another thread. */
  async readAside ({ first }: BlockHead): Promise<EventBatch | undefined> {
    const value = this.#numbered('blocks')?.get(first)
    return value === undefined ? undefined : await readBlockAside(value)
  }

  /** Rows of a block that may have the term; undefined when none has. */
  rowsWith ({ first, indexBits, rows }: BlockHead, term: number): number[] | undefined {
    const shard = this.#numbered('index')?.getBinaryFast(first * shardsPerBlock + shardOf(term, indexBits))
    return shard === undefined ? undefined : lookUp(shard, term, rows)
  }

  /** All runs of a page of ids. */
  idRuns (pageKey: Buffer): Buffer | undefined { return this.#pages()?.get(pageKey) }

  /** The block and row of an event by its id. */
  find (id: Buffer): { readonly block: BlockHead, readonly row: number } | undefined {
    const runs = this.idRuns(id.subarray(0, pageKeyBytes))
    const event = runs === undefined ? undefined : eventIn(runs, id[pageKeyBytes] as number)
    const block = event === undefined ? undefined : this.#blockOf(event)
    return block === undefined || event === undefined ? undefined : { block, row: event - block.first }
  }

  /** Blocks by their newest event, newest first, or by their oldest, oldest first. */
  ordered (newestFirst: boolean): readonly BlockHead[] {
    this.#order ??= {
      byMax: [...this.#heads].sort((a, b) => compare(b.maxNano, a.maxNano) || b.first - a.first),
      byMin: [...this.#heads].sort((a, b) => compare(a.minNano, b.minNano) || a.first - b.first)
    }
    return newestFirst ? this.#order.byMax : this.#order.byMin
  }

  /** While pinned it stays open. */
  pin (): void { this.#pins++ }

  async unpin (): Promise<void> {
    this.#pins--
    if (this.#closing && this.#pins === 0) await this.#env.close()
  }

  /** Closes as soon as no question uses it. */
  async close (): Promise<void> {
    if (this.#closing) return
    this.#closing = true
    if (this.#pins === 0) await this.#env.close()
  }

  /** Mapped pages stay readable for whoever has it open. */
  async delete (): Promise<void> {
    rmSync(this.path, { force: true })
    rmSync(`${this.path}-lock`, { force: true })
    await this.close()
  }

  #know (head: BlockHead): void {
    if (this.#heads.length === 0 || head.minNano < this.minNano) this.minNano = head.minNano
    if (this.#heads.length === 0 || head.maxNano > this.maxNano) this.maxNano = head.maxNano
    this.#heads.push(head)
    this.#order = undefined
  }

  /** The block of an event, or the first behind it; undefined when there is none yet. */
  blockFrom (event: number): BlockHead | undefined {
    const block = this.#blockOf(event)
    return block ?? (event >= this.nextEvent ? undefined : this.#heads.find(head => head.first > event))
  }

  #blockOf (event: number): BlockHead | undefined {
    let [low, high] = [0, this.#heads.length - 1]
    while (low <= high) {
      const middle = low + high >> 1
      const head = this.#heads[middle] as BlockHead
      if (event < head.first) high = middle - 1
      else if (event >= head.first + head.rows) low = middle + 1
      else return head
    }
    return undefined
  }

  #numbered (name: string): Database<Buffer, number> | undefined { return this.#db(name, 'uint32') as Database<Buffer, number> | undefined }
  #pages (): Database<Buffer, Buffer> | undefined { return this.#db('ids', 'binary') as Database<Buffer, Buffer> | undefined }

  /** Undefined: a reader that came before anything was written. */
  #db (name: string, keyEncoding: 'uint32' | 'binary'): unknown {
    const known = this.#dbs.get(name)
    if (known !== undefined) return known
    const made = this.#env.openDB({ name, encoding: 'binary', keyEncoding, ...{ create: !this.readOnly } }) as Database<Buffer, never> | undefined
    if (made !== undefined) this.#dbs.set(name, made)
    return made
  }
}

interface WritableTables {
  readonly blocks: Database<Buffer, number>
  readonly heads: Database<Buffer, number>
  readonly index: Database<Buffer, number>
  readonly info: Database<Buffer, number>
  readonly pages: Database<Buffer, Buffer>
}

function putBlock ({ blocks, heads, index }: Pick<WritableTables, 'blocks' | 'heads' | 'index'>, { head, value, index: { shards } }: Block, put: (done: Promise<boolean>) => void): void {
  put(blocks.put(head.first, value))
  put(heads.put(head.first, encodeHead(head)))
  shards.forEach((shard, at) => { put(index.put(head.first * shardsPerBlock + at, shard)) })
}

const mergesIn = (info: Database<Buffer, number> | undefined): number => info?.get(0)?.readUInt32LE(0) ?? 0

function compare (a: bigint, b: bigint): number { return a < b ? -1 : a > b ? 1 : 0 }
