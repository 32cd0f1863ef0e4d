/**
 * Runs of plugins, followed on a thread of their own: for whom a plugin ran can be read only while it runs, which is some milliseconds,
 * and the receiver's thread may be busy for longer.
 */
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import type { EndedRun } from './plugin-runs.js'

export interface PluginThreadBirth { readonly binDirs: readonly string[], readonly root: string, readonly pollMs: number, readonly rescanMs: number, readonly stop: Int32Array }

export type PluginThreadMessage =
  | { readonly kind: 'ready' }
  | { readonly kind: 'unavailable', readonly reason: string }
  | { readonly kind: 'runs', readonly ended: readonly EndedRun[], readonly lost: number, readonly overflow: number }

export interface PluginEvents {
  readonly unavailable: (reason: string) => void
  readonly runs: (ended: readonly EndedRun[], lost: number, overflow: number) => void
}

export class PluginWatch {
  readonly #stop = new Int32Array(new SharedArrayBuffer(4))
  readonly #worker: Worker
  readonly #exited: Promise<unknown>
  readonly #began: Promise<void>

  constructor (options: Omit<PluginThreadBirth, 'stop'>, events: PluginEvents) {
    const workerData: PluginThreadBirth = { ...options, stop: this.#stop }
    const worker = this.#worker = new Worker(new URL('./plugin-thread.js', import.meta.url), { workerData, name: 'tapio-cni-plugins' })
    let ended = false
    this.#exited = once(worker, 'exit').catch(() => undefined)
    this.#began = new Promise(resolve => {
      worker.on('message', (message: PluginThreadMessage) => {
        if (message.kind === 'unavailable') { ended = true; events.unavailable(message.reason) }
        if (message.kind === 'runs') events.runs(message.ended, message.lost, message.overflow)
        resolve()
      })
      worker.on('error', error => { ended = true; events.unavailable(error instanceof Error ? error.message : String(error)) })
      worker.on('exit', code => {
        // Memory ran out, or a bug: said, as nothing else would.
        if (!ended && Atomics.load(this.#stop, 0) === 0) events.unavailable(`its thread ended with code ${code}`)
        resolve()
      })
    })
  }

  /** Resolves when it watches, or has said why it cannot. */
  began (): Promise<void> { return this.#began }

  /** Tells what has ended until now, then ends the thread. */
  async close (): Promise<void> {
    Atomics.store(this.#stop, 0, 1)
    Atomics.notify(this.#stop, 0)
    await this.#exited
    await this.#worker.terminate()
  }
}
