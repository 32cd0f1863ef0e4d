/**
 * Writes whole lines to a file descriptor, synchronously, so that a line written just before a crash is there, and lines
 * of several worker threads (which share the descriptor) do not mix: up to PIPE_BUF (4096) bytes one write(2) to a pipe is
 * atomic, and pino-logger.ts keeps JSON lines below that.
 *
 * Logging must never stop the process: a reader that does not read makes a non-blocking pipe answer EAGAIN, so this waits
 * at most `maxWaitMs` per line and then counts the line as dropped. A closed reader (EPIPE) ends writing for good.
 */
import { writeSync } from 'node:fs'

export type WriteBytes = (fd: number, bytes: Uint8Array) => number

const waitStepMs = 5
const cell = new Int32Array(new SharedArrayBuffer(4))

export class LineWriter {
  readonly #fd: number
  readonly #maxWaitMs: number
  readonly #writeBytes: WriteBytes
  /** The unwritten end of a line whose beginning is out: it goes first, or the next line would be glued to it. */
  #rest: Uint8Array | undefined
  #dropped = 0
  #closed = false

  constructor (fd: number, maxWaitMs = 50, writeBytes: WriteBytes = (to, bytes) => writeSync(to, bytes)) {
    this.#fd = fd
    this.#maxWaitMs = maxWaitMs
    this.#writeBytes = writeBytes
  }

  /** Lines that could not be written. */
  get dropped (): number {
    return this.#dropped
  }

  /** Writes one line, which ends with "\n". */
  write (line: string): void {
    if (this.#rest !== undefined) this.#rest = this.#writeAll(this.#rest)
    if (this.#rest !== undefined || this.#closed) {
      this.#dropped++
      return
    }
    const bytes = Buffer.from(line)
    const rest = this.#writeAll(bytes)
    if (rest !== undefined && rest.length < bytes.length) this.#rest = rest
    else if (rest !== undefined) this.#dropped++
  }

  /** What is left of `bytes` when time is up, or undefined when all is out. */
  #writeAll (bytes: Uint8Array): Uint8Array | undefined {
    let waitedMs = 0
    for (let rest = bytes; ;) {
      try {
        rest = rest.subarray(this.#writeBytes(this.#fd, rest))
        if (rest.length === 0) return undefined
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException
        if (code === 'EINTR') continue
        if (code !== 'EAGAIN') this.#closed = true
        if (this.#closed || waitedMs >= this.#maxWaitMs) return rest
        Atomics.wait(cell, 0, 0, waitStepMs)
        waitedMs += waitStepMs
      }
    }
  }
}
