/**
 * Writes whole lines to a file descriptor, synchronously, so that a line written just before a crash is there, and lines
 * of several worker threads (which share the descriptor) do not mix: up to PIPE_BUF (4096) bytes one write(2) to a pipe is
 * atomic, and pino-logger.ts keeps JSON lines below that.
 *
 * Logging must never stop the process. A pipe or socket behind descriptor 2 is non-blocking once Node has touched it (it does
 * when a worker starts; pino-logger.ts sees to it before), so a slow reader shows as EAGAIN: this waits up to `maxWaitMs` once, then counts lines as dropped without waiting
 * until the reader reads again, and then tells how many were lost. A closed reader (EPIPE) ends writing for good.
 */
import { writeSync } from 'node:fs'

export type WriteBytes = (fd: number, bytes: Uint8Array) => number

export interface LineWriterOptions {
  readonly maxWaitMs?: number
  readonly onLost?: (lines: number) => void
  readonly writeBytes?: WriteBytes
}

const waitStepMs = 5
const cell = new Int32Array(new SharedArrayBuffer(4))

export class LineWriter {
  readonly #fd: number
  readonly #maxWaitMs: number
  readonly #writeBytes: WriteBytes
  /** The unwritten end of a line whose beginning is out: it goes first, or the next line would be glued to it. */
  #rest: Uint8Array | undefined
  #dropped = 0
  #untold = 0
  #stuck = false
  #closed = false
  readonly #onLost: (lines: number) => void

  /** `onLost` is called when writing works again, with the number of lines lost before; it may write. */
  constructor (fd: number, { maxWaitMs = 1000, onLost = () => {}, writeBytes = writeSync as WriteBytes }: LineWriterOptions = {}) {
    this.#fd = fd
    this.#maxWaitMs = maxWaitMs
    this.#onLost = onLost
    this.#writeBytes = writeBytes
  }

  /** Lines that could not be written. */
  get dropped (): number {
    return this.#dropped
  }

  /** Writes one line, which ends with "\n". */
  write (line: string): void {
    if (this.#rest !== undefined) this.#rest = this.#writeAll(this.#rest)
    if (this.#rest !== undefined || this.#closed) return this.#lose()
    const bytes = Buffer.from(line)
    const rest = this.#writeAll(bytes)
    if (rest?.length === bytes.length) return this.#lose()
    this.#rest = rest
    if (this.#untold > 0 && rest === undefined) this.#tellLost()
  }

  #lose (): void {
    this.#dropped++
    this.#untold++
  }

  #tellLost (): void {
    const lines = this.#untold
    this.#untold = 0
    this.#onLost(lines)
  }

  /** What is left of `bytes` when time is up, or undefined when all is out. */
  #writeAll (bytes: Uint8Array): Uint8Array | undefined {
    let waitedMs = 0
    for (let rest = bytes; ;) {
      try {
        rest = rest.subarray(this.#writeBytes(this.#fd, rest))
        this.#stuck = false
        if (rest.length === 0) return undefined
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException
        if (code === 'EINTR') continue
        if (code !== 'EAGAIN') this.#closed = true
        if (this.#closed || this.#stuck) return rest
        if (waitedMs >= this.#maxWaitMs) {
          this.#stuck = true
          return rest
        }
        Atomics.wait(cell, 0, 0, waitStepMs)
        waitedMs += waitStepMs
      }
    }
  }
}
