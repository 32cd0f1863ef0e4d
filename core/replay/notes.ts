/**
 * Which batches of a file are delivered, in a file beside it: 8 bytes each, where the batch begins and the complement of that
 * (core/delivery/queue/segment-files.ts). A queue has them already, and reads them when it is opened next. Those of a recording are told
 * from an older one's of the same name by its marker:
 *
 *   queue-0000000007.done    offset*
 *   incident.tapio.replayed  marker (16 bytes) offset*
 */
import { open, readFile, rm, type FileHandle } from 'node:fs/promises'
import { basename, join, dirname } from 'node:path'
import { headerLength, markerLength, markerOf } from '../data/file-format.js'
import { decodeDone, doneLength, encodeDone } from '../delivery/queue/segment-files.js'
import { openToWrite } from '../files/safe-open.js'

/** Offsets are 32 bits. */
const maxOffset = 0xffffffff

interface Note { readonly bytes: Buffer, readonly rows: number }

export class Notes {
  readonly #delivered: Set<number>
  #waiting: Note[] = []
  #writing: Promise<void> | undefined
  #file: FileHandle | undefined
  #fault = ''
  /** Delivered, and not noted. */
  lostRows = 0

  private constructor (readonly path: string, delivered: ReadonlySet<number>, readonly head: Buffer) { this.#delivered = new Set(delivered) }

  /** Of a queue's segment or of a recording. A file that has none, or another's, has no batch delivered. */
  static async read (file: string, isQueue: boolean): Promise<Notes> {
    if (isQueue) {
      const path = join(dirname(file), basename(file).replace(/\.tapio$/, '.done'))
      return new Notes(path, decodeDone(await bytesOf(path)), Buffer.alloc(0))
    }
    const path = `${file}.replayed`
    const [marker, bytes] = [await markerOfFile(file), await bytesOf(path)]
    if (marker === undefined) return new Notes(path, new Set(), Buffer.alloc(0)).#broken('the file is packed or its header is damaged')
    const own = bytes.subarray(0, markerLength).equals(marker)
    return new Notes(path, own ? decodeDone(bytes.subarray(markerLength)) : new Set(), marker)
  }

  /** Why nothing can be noted; '' = it can. */
  get fault (): string { return this.#fault }

  has (offset: number): boolean { return this.#delivered.has(offset) }

  /** A batch of so many rows is delivered. Written behind: `close` waits for it. */
  add (offset: number, rows: number): void {
    this.#delivered.add(offset)
    if (offset > maxOffset) this.#fault = 'the file is larger than 4 GiB'
    if (this.#fault !== '') { this.lostRows += rows; return }
    this.#waiting.push({ bytes: encodeDone(offset), rows })
    this.#writing ??= this.#write()
  }

  /** On the disk, as far as it can be. */
  async close (): Promise<void> {
    await this.#writing
    await this.#file?.datasync().catch(() => undefined)
    await this.#file?.close()
    this.#file = undefined
  }

  async remove (): Promise<void> { await rm(this.path, { force: true }) }

  #broken (fault: string): this {
    this.#fault = fault
    return this
  }

  async #write (): Promise<void> {
    let group: readonly Note[] = []
    try {
      this.#file ??= await this.#open()
      while (this.#waiting.length > 0) {
        group = this.#waiting
        this.#waiting = []
        await this.#file.appendFile(Buffer.concat(group.map(note => note.bytes)))
        group = []
      }
    } catch (error) {
      this.#fault = (error as Error).message
      for (const { rows } of [...group, ...this.#waiting]) this.lostRows += rows
      this.#waiting = []
    } finally {
      this.#writing = undefined
    }
  }

  /** What is appended must begin where a note may; notes of another file are replaced. */
  async #open (): Promise<FileHandle> {
    const file = await openToWrite(this.path, 'a+')
    const { size } = await file.stat()
    const head = Buffer.alloc(Math.min(this.head.length, size))
    await file.read(head, 0, head.length, 0)
    if (!head.equals(this.head)) {
      await file.truncate(0)
      await file.appendFile(this.head)
    } else if ((size - head.length) % doneLength !== 0) await file.truncate(size - (size - head.length) % doneLength)
    return file
  }
}

async function bytesOf (path: string): Promise<Buffer> {
  return readFile(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return Buffer.alloc(0)
    throw error
  })
}

async function markerOfFile (path: string): Promise<Buffer | undefined> {
  const file = await open(path, 'r')
  try {
    const header = Buffer.alloc(headerLength)
    const { bytesRead } = await file.read(header, 0, headerLength, 0)
    return markerOf(header.subarray(0, bytesRead))
  } finally {
    await file.close()
  }
}
