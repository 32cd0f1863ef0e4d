/**
 * The file being written. Opened for appending with mode 0600, through no link; `size` is the end of the last whole piece, and whatever a
 * failed write left behind it is cut off again, so that a full disk tears nothing.
 */
import { mkdir, type FileHandle } from 'node:fs/promises'
import { dirname } from 'node:path'
import { headerLength } from '../../core/data/file-format.js'
import { directoryMode, openToWrite } from '../../core/files/safe-open.js'
import type { Encoder } from './encoder.js'

export interface OpenOptions { readonly path: string, readonly createDirectory: boolean, readonly encoder: Encoder }

export class OutputFile {
  #dirty = false

  private constructor (readonly handle: FileHandle, readonly openedAtMs: number, public size: number) {}

  /** Throws the system's error, or one that says why the file there must not be touched. */
  static async open ({ path, createDirectory, encoder }: OpenOptions, nowMs: number): Promise<OutputFile> {
    if (createDirectory) await mkdir(dirname(path), { recursive: true, mode: directoryMode })
    const handle = await openToWrite(path, 'a+')
    try {
      const stat = await handle.stat()
      const since = stat.size > 0 && stat.birthtimeMs > 0 ? Math.min(nowMs, stat.birthtimeMs) : nowMs
      const file = new OutputFile(handle, since, stat.size)
      await file.write(await file.#takeUp(encoder))
      return file
    } catch (error) {
      await handle.close()
      throw error
    }
  }

  /** Writes all of `bytes` or throws; then the file is as long as before. */
  async write (bytes: Uint8Array): Promise<void> {
    try {
      for (let at = 0; at < bytes.length;) at += (await this.handle.write(bytes, at)).bytesWritten
    } catch (error) {
      await this.cutTo(this.size)
      throw error
    }
    this.size += bytes.length
    this.#dirty ||= bytes.length > 0
  }

  /** Devices and pipes cannot be cut; a reader steps over what is torn. */
  async cutTo (size: number): Promise<void> {
    this.size = size
    await this.handle.truncate(size).catch(() => undefined)
  }

  /** Forces what was written to the disk. */
  async sync (): Promise<void> {
    if (!this.#dirty) return
    this.#dirty = false
    try {
      await this.handle.datasync()
    } catch (error) {
      // Pipes and devices have no disk behind them.
      if (!['EINVAL', 'ENOTSUP'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error
    }
  }

  close (): Promise<void> { return this.handle.close() }

  /** What must be written first, after looking at what is there. */
  async #takeUp (encoder: Encoder): Promise<Uint8Array> {
    if (this.size === 0) return encoder.begin()
    const head = Buffer.alloc(Math.min(headerLength, this.size))
    await this.handle.read(head, 0, head.length, 0)
    const last = Buffer.alloc(1)
    await this.handle.read(last, 0, 1, this.size - 1)
    const resumed = encoder.resume(head, last[0] as number)
    if (typeof resumed === 'string') throw new Error(resumed)
    if (resumed.keep === 'none') await this.cutTo(0)
    return resumed.add
  }
}
