/** The file of what is few and changes: incidents and links. Pages that a change leaves are used again by LMDB. */
import type { Database } from 'lmdb'
import { Packr } from 'msgpackr'
import { openLmdb, type BinaryDatabase } from './lmdb-file.js'
import { StoreError } from './store.js'

/** Index keys: a word that says which index, then what is looked up, then what orders. LMDB keeps them in order. */
export type IndexKey = readonly (string | number)[]

const packr = new Packr({ useRecords: false })
export const pack = (value: unknown): Buffer => packr.pack(value)
export const unpack = (bytes: Uint8Array): unknown => packr.unpack(bytes)

/** Longer texts are cut in keys (LMDB takes 1978 bytes a key); what is found is compared whole. */
const maxKeyText = 300
export const keyText = (text: string): string => text.slice(0, maxKeyText)

export class Tables {
  readonly #env: BinaryDatabase
  readonly #open = new Map<string, unknown>()

  constructor (readonly path: string, readonly readOnly: boolean) {
    this.#env = openLmdb(path, readOnly, 8)
  }

  documents (name: string): Database<Buffer, string> {
    return this.#db(name, { encoding: 'binary', keyEncoding: 'ordered-binary', compression: true }) as Database<Buffer, string>
  }

  index (name: string): Database<unknown, IndexKey & (string | number)[]> {
    return this.#db(name, { encoding: 'msgpack', keyEncoding: 'ordered-binary' }) as Database<unknown, IndexKey & (string | number)[]>
  }

  /** All of `work` or nothing of it, seeing what is newest. */
  change<T> (work: () => T): Promise<T> { return this.#env.transaction(work) }

  /** Sees what another process has written since. */
  refresh (): void { this.#env.resetReadTxn() }

  get flushed (): Promise<unknown> { return Promise.resolve(this.#env.flushed) }

  close (): Promise<void> { return this.#env.close() }

  #db (name: string, options: object): unknown {
    const known = this.#open.get(name)
    if (known !== undefined) return known
    const made: unknown = this.#env.openDB(name, { ...options, create: !this.readOnly } as object)
    if (made === undefined) throw new StoreError('absent', `${this.path} has no table ${name}: nothing was stored yet`)
    this.#open.set(name, made)
    return made
  }
}
