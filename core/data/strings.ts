/**
 * The string table of a batch: index 0 is '', every other string is in it once or, where looking for a twin costs more
 * than it saves (log bodies), more than once.
 *
 * A table that came through the codec keeps its UTF-8 bytes and decodes a string when somebody asks for it, so text that
 * only passes through is never turned into JavaScript strings, and the next encode copies the bytes as they are.
 */
export interface EncodedStrings {
  /** All strings, one after the other. */
  readonly bytes: Buffer
  /** String i is bytes [ends[i - 1] or 0, ends[i]). */
  readonly ends: Uint32Array
}

export class StringTable {
  readonly length: number
  /** Decoded so far; of an encoded table, made at the first question. */
  #items: (string | undefined)[]
  #encoded: EncodedStrings | undefined
  #units = -1

  private constructor (items: (string | undefined)[], encoded: EncodedStrings | undefined) {
    this.length = encoded === undefined ? items.length : encoded.ends.length
    this.#items = items
    this.#encoded = encoded
  }

  /** `items[0]` must be ''. The array is kept, not copied. */
  static from (items: string[]): StringTable {
    return new StringTable(items, undefined)
  }

  /** `ends` must ascend and stay within `bytes`: the codec has checked. */
  static encoded (encoded: EncodedStrings): StringTable {
    return new StringTable([], encoded)
  }

  /** String `index`, '' when there is none. */
  at (index: number): string {
    const known = this.#items[index]
    if (known !== undefined || this.#encoded === undefined || index >= this.length) return known ?? ''
    const { bytes, ends } = this.#encoded
    // A plain array of its full length at once: filled here and there it would become a hash table.
    if (this.#items.length === 0) this.#items = new Array<undefined>(this.length).fill(undefined)
    const text = bytes.toString('utf8', index === 0 ? 0 : ends[index - 1], ends[index])
    this.#items[index] = text
    return text
  }

  /** The indexes at which `text` stands (several when it is there more than once). Compare columns with these. */
  find (text: string): number[] {
    const found: number[] = []
    if (this.#encoded === undefined) {
      this.#items.forEach((s, i) => { if (s === text) found.push(i) })
      return found
    }
    const { bytes, ends } = this.#encoded
    const wanted = Buffer.from(text)
    for (let i = 0, start = 0; i < ends.length; i++) {
      const end = ends[i] as number
      if (end - start === wanted.length && wanted.compare(bytes, start, end) === 0) found.push(i)
      start = end
    }
    return found
  }

  /** This table and `texts` behind it. Bytes stay bytes. */
  append (texts: readonly string[]): StringTable {
    if (this.#encoded === undefined) return StringTable.from([...this.#items as string[], ...texts])
    const { bytes, ends } = this.#encoded
    const chunks = texts.map(text => Buffer.from(text))
    const all = new Uint32Array(ends.length + chunks.length)
    all.set(ends)
    chunks.reduce((end, chunk, i) => (all[ends.length + i] = end + chunk.length), ends[ends.length - 1] ?? 0)
    return StringTable.encoded({ bytes: Buffer.concat([bytes.subarray(0, ends[ends.length - 1] ?? 0), ...chunks]), ends: all })
  }

  /** A table of the strings at `indexes`, in that order. Bytes stay bytes. */
  select (indexes: readonly number[]): StringTable {
    if (this.#encoded === undefined) return StringTable.from(indexes.map(i => this.at(i)))
    const { bytes, ends } = this.#encoded
    const chosen = new Uint32Array(indexes.length)
    const chunks = indexes.map(i => bytes.subarray(i === 0 ? 0 : ends[i - 1], ends[i]))
    chunks.reduce((end, chunk, i) => (chosen[i] = end + chunk.length), 0)
    return StringTable.encoded({ bytes: Buffer.concat(chunks), ends: chosen })
  }

  /** UTF-8 bytes and ends, made once. A lone surrogate becomes U+FFFD, as everywhere UTF-8 is written. */
  encode (): EncodedStrings {
    if (this.#encoded !== undefined) return this.#encoded
    const ends = new Uint32Array(this.length)
    const joined = this.#items.join('')
    const bytes = Buffer.from(joined)
    // All ASCII, the usual case: byte lengths are string lengths.
    const ascii = bytes.length === joined.length
    for (let i = 0, end = 0; i < this.length; i++) {
      const text = this.#items[i] as string
      end += ascii ? text.length : Buffer.byteLength(text)
      ends[i] = end
    }
    return this.#check(bytes, ends)
  }

  /** Joining may pair a lone high surrogate with a low one of the next string; then encode one by one. */
  #check (bytes: Buffer, ends: Uint32Array): EncodedStrings {
    const total = ends[ends.length - 1] ?? 0
    this.#encoded = total === bytes.length ? { bytes, ends } : { bytes: Buffer.concat(this.#items.map(s => Buffer.from(s as string))), ends }
    return this.#encoded
  }

  * [Symbol.iterator] (): Generator<string> {
    for (let i = 0; i < this.length; i++) yield this.at(i)
  }

  /** UTF-8 bytes the table holds, estimated at one a character before it was encoded. */
  get byteLength (): number {
    if (this.#encoded !== undefined) return this.#encoded.bytes.length + this.#encoded.ends.byteLength
    if (this.#units < 0) this.#units = this.#items.reduce((units, s) => units + (s?.length ?? 0), 0)
    return this.#units
  }
}
