/** A Tapio whose source has a cursor, killed and ended again and again while there is something to read. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { stringify } from 'yaml'
import { Supervised } from '../supervised.js'
import { evidenceExporters, recordedBytes } from './evidence.js'

export const long = process.env['TAPIO_TEST_LONG'] === '1'
export const kills = long ? 50 : 2

const patienceMs = 120_000

export class CursorRun {
  readonly folder = mkdtempSync(join(tmpdir(), 'tapio-cursors-'))
  kills = 0
  ends = 0
  #tapio: Supervised
  readonly #args: readonly string[]

  /** `receivers` are those of the configuration; `folder` is where they may keep what they need. */
  constructor (receivers: (folder: string) => object) {
    const named = receivers(this.folder)
    this.#args = ['--config', `yaml:${stringify({
      receivers: named, exporters: evidenceExporters(this.folder),
      service: { telemetry: { metrics: { endpoint: '127.0.0.1:0' }, logs: { format: 'json' } }, pipelines: { all: { receivers: Object.keys(named), exporters: ['file', 'store'], durable: true } } }
    }).replaceAll('$', '$$$$')}`]
    this.#tapio = new Supervised('tapio', this.#args)
  }

  get log (): string { return this.#tapio.log }

  /** SIGKILL; it is started again. */
  async kill (): Promise<void> {
    await this.#tapio.kill()
    this.kills++
  }

  /** SIGTERM, and another life. */
  async end (): Promise<void> {
    await this.finish()
    this.ends++
    this.#tapio = new Supervised('tapio', this.#args)
  }

  /** SIGTERM. */
  async finish (): Promise<void> {
    await this.#tapio.terminate()
    await this.#tapio.ended
  }

  /** Resolves when so many bytes more have been delivered. */
  async grown (bytes: number): Promise<void> {
    const until = recordedBytes(this.folder) + bytes
    await this.until(`${bytes} bytes more`, () => recordedBytes(this.folder) >= until)
  }

  /** What costs much is looked at seldom. */
  async until (what: string, holds: () => boolean | Promise<boolean>, pauseMs = 5): Promise<void> {
    for (const end = Date.now() + patienceMs; !await holds();) {
      if (Date.now() > end) throw new Error(`never came: ${what}\n${this.log}`)
      await sleep(pauseMs)
    }
  }

  destroy (): void {
    this.#tapio.destroy()
    rmSync(this.folder, { recursive: true, force: true })
  }
}
