/**
 * The audit log: a JSON line for each call that changes something or was refused to. Who, from where, what, about which ids, how it
 * ended; never contents or secrets. Lines wait in memory (bounded) while the file is written; each write opens the file, so a file
 * that was moved away or a disk that is there again needs nobody.
 */
import { lstat, rename } from 'node:fs/promises'
import type { Clock } from '../../component/clock.js'
import { fileMode, openToWrite } from '../../files/safe-open.js'
import type { Logger } from '../../telemetry/logger.js'
import type { Counter, MetricDeclaration } from '../../telemetry/meter.js'

export interface AuditEntry {
  readonly caller: string
  readonly address: string
  readonly method: string
  /** `id=receiver/otlp`, `events=12`. */
  readonly subjects: Readonly<Record<string, string | number>>
  /** `OK` or an ApiCode. */
  readonly outcome: string
}

export interface AuditOptions {
  /** Left out: lines of `logger`. */
  readonly file?: string | undefined
  readonly clock: Clock
  readonly logger: Logger
  /** Counts lines that could not be kept. */
  readonly lost: Counter
  /** '' = the file is written again. */
  onTrouble(reason: string): void
}

export const auditLost: MetricDeclaration = {
  name: 'api_audit_lost', kind: 'counter', unit: 'lines', description: 'Lines of the audit log that could not be written: the file could not, or too many waited.'
}

const maxWaiting = 1000
const maxFileBytes = 64 << 20
const retryMs = 1000

export class AuditLog {
  #waiting: string[] = []
  #writing: Promise<void> | undefined
  #trouble = ''
  #closed = false

  constructor (readonly options: AuditOptions) {}

  add (entry: AuditEntry): void {
    const { file, logger, lost, clock } = this.options
    if (file === undefined) { logger.info('audit', { ...entry }); return }
    if (this.#waiting.length >= maxWaiting || this.#closed) { lost.add(1); return }
    this.#waiting.push(`${JSON.stringify({ time: new Date(clock.unixMs()).toISOString(), ...entry })}\n`)
    this.#writing ??= this.#write(file)
  }

  /** Resolves when what was added is written, or could not be. */
  async close (): Promise<void> {
    this.#closed = true
    await this.#writing
  }

  async #write (file: string): Promise<void> {
    while (this.#waiting.length > 0) {
      const lines = this.#waiting.splice(0)
      try {
        await append(file, lines.join(''))
        this.#tell('')
      } catch (error) {
        this.#tell(`audit log "${file}" cannot be written: ${(error as Error).message}`)
        // The oldest are kept: they say what went on when it began.
        this.#waiting = [...lines, ...this.#waiting]
        this.options.lost.add(Math.max(0, this.#waiting.length - maxWaiting))
        this.#waiting.length = Math.min(this.#waiting.length, maxWaiting)
        if (this.#closed) { this.options.lost.add(this.#waiting.length); break }
        await new Promise<void>(resolve => { this.options.clock.after(retryMs, resolve) })
      }
    }
    this.#writing = undefined
  }

  #tell (trouble: string): void {
    if (trouble === this.#trouble) return
    this.#trouble = trouble
    this.options.onTrouble(trouble)
    if (trouble === '') this.options.logger.info('the audit log is written again')
    else this.options.logger.error('the audit log is not written; calls go on', { reason: trouble })
  }
}

async function append (file: string, text: string): Promise<void> {
  const size = await lstat(file).then(s => s.size, () => 0)
  if (size > maxFileBytes) await rename(file, `${file}.1`)
  const handle = await openToWrite(file, 'a')
  try {
    await handle.appendFile(text)
    // A file that was there before may have been made with another mode.
    if (size === 0 || size > maxFileBytes) await handle.chmod(fileMode)
  } finally {
    await handle.close()
  }
}
