/** The current file with its rotation: one call at a time. */
import { open } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Clock } from '../../core/component/clock.js'
import type { EventBatch } from '../../core/data/batch.js'
import type { FileExporterConfig } from './config.js'
import { headerLength } from '../../core/data/file-format.js'
import { createEncoder, type Encoder } from './encoder.js'
import { OutputFile } from './output-file.js'
import { compress, RotatedFiles } from './rotated-files.js'

export interface WriterEvents {
  wrote(bytes: number): void
  rotated(path: string): void
  /** Something beside the writing failed (compressing, deleting): nothing is lost by it. */
  troubled(what: string, error: unknown): void
}

export class Writer {
  readonly #encoder: Encoder
  readonly #rotated: RotatedFiles
  readonly #abort = new AbortController()
  #file: OutputFile | undefined
  #tidying: Promise<void> = Promise.resolve()

  constructor (readonly config: FileExporterConfig, readonly clock: Clock, readonly events: WriterEvents) {
    this.#encoder = createEncoder(config.format, config.json_raw)
    this.#rotated = new RotatedFiles(config.path)
  }

  async open (): Promise<OutputFile> {
    if (this.#file !== undefined) return this.#file
    const { path, create_directory: createDirectory, fsync } = this.config
    this.#file = await OutputFile.open({ path, createDirectory, encoder: this.#encoder }, this.clock.unixMs())
    if (fsync !== 'never') await syncDirectory(path)
    return this.#file
  }

  /** Appends one batch, in a new file when the current one is full or old. */
  async write (batch: EventBatch): Promise<void> {
    let file = await this.open()
    let bytes = this.#encoder.encode(batch)
    if (this.#isDue(file, bytes.length)) {
      await this.#rotate(file)
      file = await this.open()
      bytes = this.#encoder.encode(batch)
    }
    await file.write(bytes)
    this.events.wrote(bytes.length)
  }

  /** Where the file ends now: `cutBackTo` it when what follows did not reach the disk. Undefined when no file is open. */
  end (): { file: OutputFile, size: number } | undefined {
    return this.#file === undefined ? undefined : { file: this.#file, size: this.#file.size }
  }

  async cutBackTo (mark: ReturnType<Writer['end']>): Promise<void> {
    if (mark !== undefined && mark.file === this.#file) await mark.file.cutTo(mark.size)
  }

  async sync (): Promise<void> { await this.#file?.sync() }

  /** Lets the file go after an error, so that the next write opens it anew. */
  async abandon (): Promise<void> {
    const file = this.#file
    this.#file = undefined
    await file?.close().catch(() => undefined)
  }

  async close (): Promise<void> {
    if (this.config.fsync !== 'never') await this.sync()
    await this.abandon()
    await this.#tidying
  }

  /** Ends a compression that is under way; its file stays as it was. */
  abort (): void { this.#abort.abort() }

  #isDue (file: OutputFile, bytes: number): boolean {
    const { max_size: maxSize, interval } = this.config.rotation
    // A file without a batch yet is never rotated: a batch larger than `max_size` would rotate for ever.
    if (file.size <= headerLength) return false
    return (maxSize > 0 && file.size + bytes > maxSize) || (interval > 0 && this.clock.unixMs() - file.openedAtMs >= interval)
  }

  async #rotate (file: OutputFile): Promise<void> {
    if (this.config.fsync !== 'never') await file.sync()
    await this.abandon()
    const path = await this.#rotated.take(this.clock.unixMs())
    this.events.rotated(path)
    this.#tidying = this.#tidying.then(() => this.#tidy(path))
  }

  async #tidy (path: string): Promise<void> {
    const { compression, max_files: maxFiles, max_age: maxAgeMs } = this.config.rotation
    try {
      if (compression === 'gzip' && !this.#abort.signal.aborted) await compress(path, this.#abort.signal)
      await this.#rotated.prune(this.clock.unixMs(), { maxFiles, maxAgeMs })
    } catch (error) {
      this.events.troubled(`tidying ${path}`, error)
    }
  }
}

/** A new name is on the disk only when its directory is. */
async function syncDirectory (path: string): Promise<void> {
  const directory = await open(dirname(path), 'r')
  try {
    await directory.sync()
  } catch {
    // Not every file system can; the data itself is safe.
  } finally {
    await directory.close()
  }
}
