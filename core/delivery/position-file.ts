/**
 * Where a source is, for its next start: one small JSON document with its checksum in the line before it, so that damage is told from a
 * position and never taken for one.
 *
 *   tapio position 1 <CRC32 of the document, 8 hex digits>
 *   {"cursor":…}
 */
import { readFile } from 'node:fs/promises'
import { crc32 } from 'node:zlib'
import { replaceFile } from './replace-file.js'

export type ReadPosition =
  | { readonly status: 'read', readonly value: unknown }
  | { readonly status: 'none' }
  /** There is a file and it is of no use: `reason` in words. */
  | { readonly status: 'useless', readonly reason: string }

const head = /^tapio position (\d+) ([0-9a-f]{8})$/
const version = 1

/** Never rejects. */
export async function readPosition (path: string): Promise<ReadPosition> {
  try {
    return parsePosition(await readFile(path, 'utf8'))
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    return code === 'ENOENT' ? { status: 'none' } : { status: 'useless', reason: message }
  }
}

export function parsePosition (text: string): ReadPosition {
  const end = text.indexOf('\n')
  const found = head.exec(text.slice(0, Math.max(0, end)))
  if (found === null) return { status: 'useless', reason: 'it is no position of Tapio, or damaged in its first line' }
  if (Number(found[1]) !== version) return { status: 'useless', reason: `it is of version ${found[1]}; this Tapio reads version ${version}` }
  const document = text.slice(end + 1)
  if (checkOf(document) !== found[2]) return { status: 'useless', reason: 'it is damaged: its checksum is wrong' }
  try {
    return { status: 'read', value: JSON.parse(document) as unknown }
  } catch (error) {
    return { status: 'useless', reason: `it is damaged: ${(error as Error).message}` }
  }
}

/** On the disk when it resolves; rejects with the system's error, and the old one is as it was. One call at a time for a path. */
export async function writePosition (path: string, value: unknown): Promise<void> {
  const document = JSON.stringify(value)
  await replaceFile(path, file => file.writeFile(`tapio position ${version} ${checkOf(document)}\n${document}`))
}

/** Writes a position that changes, one write at a time. */
export class PositionKeeper {
  #saving: Promise<void> = Promise.resolve()
  /** There is something to write. */
  isDirty = false

  /** `take` gives what is to be written; `written` is told of each attempt, with the error of one that failed. */
  constructor (readonly path: string, readonly take: () => unknown, readonly written: (error?: unknown) => void) {}

  /** Never rejects. What could not be written is written by the next call. */
  save (): Promise<void> {
    this.#saving = this.#saving.then(async () => {
      if (!this.isDirty) return
      this.isDirty = false
      try {
        await writePosition(this.path, this.take())
        this.written()
      } catch (error) {
        this.isDirty = true
        this.written(error)
      }
    })
    return this.#saving
  }
}

function checkOf (document: string): string { return crc32(document).toString(16).padStart(8, '0') }
