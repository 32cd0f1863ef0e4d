/** Directories that others write to, read again and again: bounded, and a file that goes away meanwhile is no error. */
import { closeSync, openSync, readdirSync, readSync, statSync, type BigIntStats } from 'node:fs'
import { join } from 'node:path'

/** Names in order; undefined when there is no such directory or it cannot be read. */
export function namesIn (directory: string, max: number): string[] | undefined {
  try { return readdirSync(directory).sort().slice(0, max) } catch { return undefined }
}

export function statOf (path: string): BigIntStats | undefined {
  try { return statSync(path, { bigint: true, throwIfNoEntry: false }) } catch { return undefined }
}

/** The text of a regular file of at most `maxBytes`; undefined when it is none, larger, or cannot be read. */
export function textOf (path: string, maxBytes: number): string | undefined {
  const stat = statOf(path)
  // Anything else than a file might wait for a writer.
  if (stat === undefined || !stat.isFile() || stat.size > BigInt(maxBytes)) return undefined
  try {
    const fd = openSync(path, 'r')
    try {
      const buffer = Buffer.alloc(maxBytes + 1)
      const length = readSync(fd, buffer, 0, buffer.length, 0)
      return length > maxBytes ? undefined : buffer.toString('utf8', 0, length)
    } finally {
      closeSync(fd)
    }
  } catch {
    return undefined
  }
}

interface Known<T> { readonly mark: string, readonly value: T | undefined }

/** Files of one directory, parsed; those that have not changed since are not read again. */
export class ParsedFiles<T> {
  #known = new Map<string, Known<T>>()

  /** `parse` answers undefined for what is none of its files. */
  constructor (readonly maxFiles: number, readonly maxBytes: number, readonly parse: (name: string, text: string, stat: BigIntStats) => T | undefined) {}

  /** What the files of `directory` say now. */
  read (directory: string): T[] {
    const next = new Map<string, Known<T>>()
    for (const name of namesIn(directory, this.maxFiles) ?? []) {
      const path = join(directory, name)
      const stat = statOf(path)
      if (stat === undefined || !stat.isFile()) continue
      const mark = `${stat.ino}.${stat.size}.${stat.mtimeNs}`
      const known = this.#known.get(name)
      if (known?.mark === mark) { next.set(name, known); continue }
      const text = textOf(path, this.maxBytes)
      next.set(name, { mark, value: text === undefined ? undefined : this.parse(name, text, stat) })
    }
    this.#known = next
    return [...next.values()].map(k => k.value).filter((v): v is T => v !== undefined)
  }
}
