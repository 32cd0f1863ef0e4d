/**
 * One life of a plugin component's thread: its birth, its messages, and its end, whoever brings that about. The thread is pinged; one that
 * gives no sign, or holds more memory than it may, is ended.
 *
 * V8 bounds the heap of a thread (`resourceLimits`) but not its buffers: those the thread reports with each pong. One that takes memory
 * without ever answering is caught by the growth of the process while a ping is out.
 */
import { Worker } from 'node:worker_threads'
import type { Clock } from '../../component/clock.js'
import type { FromPlugin, PluginBirth, ToPlugin } from './protocol.js'

/** `exit`: it ended itself; `crash`: an error nobody caught; `over`: it was told to end. */
export type EndReason = 'exit' | 'crash' | 'hang' | 'memory' | 'timeout' | 'over'

export interface LifeOptions {
  readonly clock: Clock
  readonly memoryLimitBytes: number
  readonly hangTimeoutMs: number
  message (message: FromPlugin): void
  /** What it wrote to its standard output and error. */
  printed (text: string): void
  /** Once. `detail` in words. */
  ended (reason: EndReason, detail: string): void
}

const mib = 2 ** 20
/** Growth of the process, in memory limits, from which a thread that does not answer is taken to be the cause. */
const surge = 2

export class PluginLife {
  readonly #worker: Worker
  readonly #options: LifeOptions
  readonly #env: Readonly<Record<string, string>>
  #reason: EndReason | undefined
  #detail = ''
  #cancelPing: () => void = () => undefined
  #askedMs: number | undefined
  #rssWhenAsked = 0
  #over = false
  readonly ended: Promise<void>

  constructor (birth: PluginBirth, options: LifeOptions) {
    this.#options = options
    this.#env = Object.fromEntries((birth.permissions.env ?? []).flatMap(name => process.env[name] === undefined ? [] : [[name, process.env[name] as string]]))
    this.#worker = new Worker(new URL('./worker.js', import.meta.url), {
      workerData: birth, name: `tapio-plugin-${birth.id}`, env: this.#env, stdout: true, stderr: true,
      resourceLimits: { maxOldGenerationSizeMb: Math.max(16, Math.floor(options.memoryLimitBytes / mib)) }
    })
    this.#worker.on('message', (message: FromPlugin) => this.#received(message))
    this.#worker.on('error', (error: unknown) => {
      const outOfMemory = (error as { code?: string }).code === 'ERR_WORKER_OUT_OF_MEMORY'
      this.#because(outOfMemory ? 'memory' : 'crash', outOfMemory ? `its heap is larger than ${Math.floor(options.memoryLimitBytes / mib)} MiB` : error instanceof Error ? error.message : String(error))
    })
    this.ended = new Promise(resolve => this.#worker.once('exit', code => {
      this.#because('exit', `it ended its thread with code ${code}`)
      this.#end()
      resolve()
    }))
    for (const stream of [this.#worker.stdout, this.#worker.stderr]) stream.setEncoding('utf8').on('data', (text: string) => options.printed(text))
  }

  send (message: ToPlugin, handOver: readonly ArrayBuffer[] = []): void {
    if (!this.#over) this.#worker.postMessage(message, [...handOver])
  }

  /** Ends it wherever it is. Resolves when the thread is gone. */
  async kill (reason: EndReason, detail: string): Promise<void> {
    this.#because(reason, detail)
    this.#cancelPing()
    await this.#worker.terminate()
    await this.ended
  }

  #because (reason: EndReason, detail: string): void {
    if (this.#reason !== undefined) return
    this.#reason = reason
    this.#detail = detail
  }

  #end (): void {
    if (this.#over) return
    this.#over = true
    this.#cancelPing()
    this.#options.ended(this.#reason ?? 'exit', this.#detail)
  }

  #received (message: FromPlugin): void {
    // Until then it loads: whoever began this life bounds that.
    if (message.type === 'made') this.#ping()
    if (message.type === 'pong') this.#ponged(message.usedBytes)
    this.#options.message(message)
  }

  #ponged (usedBytes: number): void {
    this.#askedMs = undefined
    const { memoryLimitBytes } = this.#options
    if (usedBytes > memoryLimitBytes) void this.kill('memory', `it holds ${Math.round(usedBytes / mib)} MiB, allowed are ${Math.round(memoryLimitBytes / mib)} MiB (memory_limit)`)
  }

  #ping (): void {
    const { clock, hangTimeoutMs } = this.#options
    this.#cancelPing = clock.after(Math.min(500, hangTimeoutMs / 4), () => { this.#look(); if (!this.#over) this.#ping() })
  }

  #look (): void {
    const { clock, hangTimeoutMs, memoryLimitBytes } = this.#options
    const nowMs = clock.monotonicMs()
    if (this.#askedMs === undefined) {
      this.#askedMs = nowMs
      this.#rssWhenAsked = process.memoryUsage.rss()
      this.send({ type: 'ping' })
      return
    }
    const grownBytes = process.memoryUsage.rss() - this.#rssWhenAsked
    if (grownBytes > surge * memoryLimitBytes) void this.kill('memory', `the process grew by ${Math.round(grownBytes / mib)} MiB while it gave no sign of life`)
    else if (nowMs - this.#askedMs > hangTimeoutMs) void this.kill('hang', `it gave no sign of life for ${hangTimeoutMs / 1000} s (hang_timeout)`)
  }
}
