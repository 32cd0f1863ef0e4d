/**
 * Events stored within one stretch of time: one LMDB file, written until it is full or old, then only read, then deleted whole. So
 * retention costs no write, no freed page has to be found again, and the file cannot grow beyond its bound.
 *
 *   blocks   number -> block.ts        heads   number -> block.ts, head
 *   index    number * 256 + shard -> block-index.ts
 *   ids      id without its last byte -> id-pages.ts
 */
import { rmSync, statSync } from 'node:fs'
import type { Database } from 'lmdb'
import { decodeHead, encodeHead, readBlock, type Block, type BlockHead } from './block.js'
import { lookUp, shardOf } from './block-index.js'
import { placeIn, type IdPlace } from './id-pages.js'
import { openLmdb, type BinaryDatabase } from './lmdb-file.js'
import type { EventBatch } from '../data/batch.js'
import type { NewIds } from './id-pages.js'

const shardsPerBlock = 256

export class Partition {
  readonly #env: BinaryDatabase
  readonly #dbs = new Map<string, Database<Buffer, never>>()
  /** By block number. */
  readonly heads: BlockHead[] = []
  #order: { blocks: number, byMax: number[], byMin: number[] } | undefined
  #pins = 0
  #closing = false
  minNano = 0n
  maxNano = 0n
  rows = 0

  /** Throws StoreError. */
  constructor (readonly id: number, readonly path: string, readonly readOnly: boolean) {
    this.#env = openLmdb(path, readOnly, 8)
    this.refresh()
  }

  get blocks (): number { return this.heads.length }
  get bytes (): number { return statSync(this.path, { throwIfNoEntry: false })?.size ?? 0 }
  /** When its first and last events were stored, milliseconds since the epoch; undefined while it is empty. */
  get firstStoredMs (): number | undefined { return this.heads[0]?.storedMs }
  get lastStoredMs (): number | undefined { return this.heads[this.heads.length - 1]?.storedMs }

  /** Looks at what another process has written since. */
  refresh (): void {
    this.#env.resetReadTxn()
    const heads = this.#numbered('heads')
    if (heads === undefined) return
    for (const { value } of heads.getRange({ start: this.heads.length })) this.#know(decodeHead(value))
  }

  async write (blocks: readonly Block[], ids: NewIds): Promise<void> {
    const [values, heads, index, pages] = [this.#numbered('blocks'), this.#numbered('heads'), this.#numbered('index'), this.#pages()]
    if (values === undefined || heads === undefined || index === undefined || pages === undefined) throw new Error(`${this.path} has no tables`)
    const first = this.blocks
    const lost: unknown[] = []
    const put = (done: Promise<boolean>): void => { done.catch((error: unknown) => lost.push(error)) }
    await this.#env.batch(() => {
      blocks.forEach((block, i) => {
        put(values.put(first + i, block.value))
        put(heads.put(first + i, encodeHead(block.head)))
        block.index.shards.forEach((shard, at) => { put(index.put((first + i) * shardsPerBlock + at, shard)) })
      })
      for (const [key, runs] of ids.added()) {
        const known = pages.get(key)
        put(pages.put(key, known === undefined ? runs : Buffer.concat([known, runs])))
      }
    })
    if (lost.length > 0) throw lost[0]
    for (const { head } of blocks) this.#know(head)
  }

  async flushed (): Promise<void> { await this.#env.flushed }

  /** Undefined: it cannot be read. */
  read (block: number): EventBatch | undefined {
    const value = this.#numbered('blocks')?.get(block)
    return value === undefined ? undefined : readBlock(value)
  }

  /** Rows of a block that may have the term; undefined when none has. */
  rowsWith (block: number, term: number): number[] | undefined {
    const head = this.heads[block]
    if (head === undefined) return undefined
    const shard = this.#numbered('index')?.getBinaryFast(block * shardsPerBlock + shardOf(term, head.indexBits) as never)
    return shard === undefined ? undefined : lookUp(shard, term, head.rows)
  }

  /** All runs of a page of ids. */
  idRuns (pageKey: Buffer): Buffer | undefined { return this.#pages()?.get(pageKey) }

  place (id: Buffer): IdPlace | undefined {
    const runs = this.idRuns(id.subarray(0, 15))
    return runs === undefined ? undefined : placeIn(runs, id[15] as number)
  }

  /** Block numbers by their newest event, newest first, or by their oldest, oldest first. */
  ordered (newestFirst: boolean): readonly number[] {
    if (this.#order?.blocks !== this.blocks) {
      const numbers = this.heads.map((_, i) => i)
      const { heads } = this
      const compare = (a: bigint, b: bigint): number => a < b ? -1 : a > b ? 1 : 0
      const byMax = [...numbers].sort((a, b) => compare((heads[b] as BlockHead).maxNano, (heads[a] as BlockHead).maxNano) || b - a)
      const byMin = numbers.sort((a, b) => compare((heads[a] as BlockHead).minNano, (heads[b] as BlockHead).minNano) || a - b)
      this.#order = { blocks: this.blocks, byMax, byMin }
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
    if (this.heads.length === 0 || head.minNano < this.minNano) this.minNano = head.minNano
    if (this.heads.length === 0 || head.maxNano > this.maxNano) this.maxNano = head.maxNano
    this.heads.push(head)
    this.rows += head.rows
  }

  #numbered (name: string): Database<Buffer, number> | undefined { return this.#db(name, 'uint32') as Database<Buffer, number> | undefined }
  #pages (): Database<Buffer, Buffer> | undefined { return this.#db('ids', 'binary') as Database<Buffer, Buffer> | undefined }

  /** Undefined: a reader that came before anything was written. */
  #db (name: string, keyEncoding: 'uint32' | 'binary'): unknown {
    const known = this.#dbs.get(name)
    if (known !== undefined) return known
    const made = this.#env.openDB({ name, encoding: 'binary', keyEncoding }) as Database<Buffer, never> | undefined
    if (made !== undefined) this.#dbs.set(name, made)
    return made
  }
}
