/**
 * One life of a plugin component's thread: its birth, its messages, and its end, whoever brings that about. The thread is pinged; one that
 * gives no sign, or holds more memory than it may, is ended.
 *
 * What a thread holds, heap and buffers, it says with each pong. One that takes memory without ever answering is caught by the growth of
 * the process while a ping is out. V8's own bound of its heap (`resourceLimits`) is the last resort and lies far above: when an allocation
 * finds it passed by more than the 16 MiB that Node then adds, V8 ends the whole process. Measured on Node 20.20, a limit of 48 MiB and
 * arrays of 80 MB in a loop: Tapio died 6 times of 6; with 1 GiB of room above and looks every 50 ms: never.
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
/** Between two looks while a ping is out. A thread takes about 1 GB/s at most. */
const lookMs = 50
/** Of V8's bound above what is allowed. */
const heapRoomBytes = 1024 * mib

export class PluginLife {
  readonly #worker: Worker
  readonly #options: LifeOptions
  readonly #env: Readonly<Record<string, string>>
  #reason: EndReason | undefined
  #detail = ''
  #cancelPing: () => void = () => undefined
  /** Of the process, when it was asked for a sign of life. */
  #rssBefore = 0
  #over = false
  readonly ended: Promise<void>

  constructor (birth: PluginBirth, options: LifeOptions) {
    this.#options = options
    this.#env = Object.fromEntries((birth.permissions.env ?? []).flatMap(name => process.env[name] === undefined ? [] : [[name, process.env[name] as string]]))
    this.#worker = new Worker(new URL('./worker.js', import.meta.url), {
      workerData: birth, name: `tapio-plugin-${birth.id}`, env: this.#env, stdout: true, stderr: true,
      resourceLimits: { maxOldGenerationSizeMb: Math.floor((options.memoryLimitBytes + heapRoomBytes) / mib) }
    })
    this.#worker.on('message', (message: FromPlugin) => this.#received(message))
    this.#worker.on('error', (error: unknown) => {
      const outOfMemory = (error as { code?: string }).code === 'ERR_WORKER_OUT_OF_MEMORY'
      this.#because(outOfMemory ? 'memory' : 'crash', outOfMemory ? `its heap grew by more than ${heapRoomBytes / mib} MiB at once; allowed are ${Math.floor(options.memoryLimitBytes / mib)} MiB (memory_limit)` : error instanceof Error ? error.message : String(error))
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
    this.#quiet()
    this.#options.ended(this.#reason ?? 'exit', this.#detail)
  }

  #received (message: FromPlugin): void {
    // Until then it loads: whoever began this life bounds that.
    if (message.type === 'made') this.#ping()
    if (message.type === 'pong') this.#ponged(message.usedBytes)
    this.#options.message(message)
  }

  #ponged (usedBytes: number): void {
    silent.delete(this)
    if (this.#over) return
    const { memoryLimitBytes } = this.#options
    if (usedBytes > memoryLimitBytes) void this.kill('memory', `it holds ${Math.round(usedBytes / mib)} MiB, allowed are ${Math.round(memoryLimitBytes / mib)} MiB (memory_limit)`)
    else this.#ping()
  }

  /** Asks after a while, and looks until there is an answer. */
  #ping (): void {
    const { clock, hangTimeoutMs } = this.#options
    this.#cancelPing()
    this.#cancelPing = clock.after(Math.min(500, hangTimeoutMs / 4), () => {
      this.send({ type: 'ping' })
      this.#rssBefore = process.memoryUsage.rss()
      silent.add(this)
      this.#look(clock.monotonicMs())
    })
  }

  #look (askedMs: number): void {
    const { clock, hangTimeoutMs, memoryLimitBytes } = this.#options
    this.#cancelPing = clock.after(lookMs, () => {
      const grownBytes = process.memoryUsage.rss() - this.#rssBefore
      const [longest] = silent
      if (grownBytes > surge * memoryLimitBytes && longest === this) void this.kill('memory', `the process grew by ${Math.round(grownBytes / mib)} MiB while it gave no sign of life`)
      else if (clock.monotonicMs() - askedMs > hangTimeoutMs) void this.kill('hang', `it gave no sign of life for ${hangTimeoutMs / 1000} s (hang_timeout)`)
      else this.#look(askedMs)
    })
  }

  /** Others that are silent are not blamed for what the process grew by while this one was, too. */
  #quiet (): void {
    if (!silent.delete(this)) return
    const rssBytes = process.memoryUsage.rss()
    for (const other of silent) other.#rssBefore = rssBytes
  }
}

/** Those of this thread that were asked and have not answered, the longest asked first: it is taken to be the cause when the process grows. */
const silent = new Set<PluginLife>()
