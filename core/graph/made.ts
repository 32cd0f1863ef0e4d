/** One component of a running graph: its life, the way into it and the ways out of it. It may outlive the graph it was made for. */
import type { AnyComponent, Consumer, Deadline, Host } from '../component/component.js'
import type { ComponentState } from '../component/status.js'
import type { Inlet } from './inlet.js'
import type { Layer } from './layers.js'
import type { Outlet } from './outlet.js'

export interface MadeParts {
  /** `keyOf` of its place. */
  readonly key: string
  /** `exporter/store` */
  readonly name: string
  readonly layer: Layer
  readonly pipeline: string
  readonly component: AnyComponent
  /** Its factory `shares`. */
  readonly shares: boolean
  readonly inlet: Inlet
  readonly next: Outlet | undefined
  readonly outputs: ReadonlyMap<string, Outlet>
  lifecycle(state: ComponentState): void
  host(): Host
}

export class Made {
  #announced = false
  #started = false
  #stopping: Promise<string | undefined> | undefined

  constructor (readonly parts: MadeParts) {}

  get key (): string { return this.parts.key }
  get name (): string { return this.parts.name }
  get consumer (): Consumer { return this.parts.component as unknown as Consumer }
  get outlets (): readonly Outlet[] { return [...(this.parts.next === undefined ? [] : [this.parts.next]), ...this.parts.outputs.values()] }
  get isStarted (): boolean { return this.#started }
  get isStopped (): boolean { return this.#stopping !== undefined }
  get runs (): boolean { return this.#started && !this.isStopped }

  /** It is seen from now on. */
  announce (): void {
    if (!this.#announced) this.parts.lifecycle('created')
    this.#announced = true
  }

  /** It looks well after another of its name, in another pipeline, has stopped. */
  announceAgain (): void { for (const state of ['created', 'starting', 'ok'] as const) this.parts.lifecycle(state) }

  /** Once. Rejects with an error that names the component. */
  async start (): Promise<void> {
    if (this.#started) return
    this.announce()
    this.parts.lifecycle('starting')
    try {
      await this.parts.component.start?.(this.parts.host())
    } catch (error) {
      throw new Error(`${this.name} did not start: ${error instanceof Error ? error.message : String(error)}`, { cause: error })
    }
    this.#started = true
    this.parts.lifecycle('ok')
  }

  /** Once. Resolves with what was wrong, shortly after the deadline at the latest. */
  stop (deadline: Deadline): Promise<string | undefined> {
    this.#stopping ??= this.#stop(deadline)
    return this.#stopping
  }

  async #stop (deadline: Deadline): Promise<string | undefined> {
    this.parts.lifecycle('stopping')
    try {
      await withDeadline(this.parts.component.stop?.(deadline), deadline)
      this.parts.lifecycle('stopped')
      return undefined
    } catch (error) {
      return `${this.name} did not stop cleanly: ${error instanceof Error ? error.message : String(error)}`
    }
  }
}

/** A component that does not come back from `stop` must not keep the process from ending. */
async function withDeadline (work: void | Promise<void> | undefined, deadline: Deadline): Promise<void> {
  if (work === undefined) return
  const graceMs = 500
  let cancel: () => void = () => undefined
  const late = new Promise<never>((_resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('still stopping at the deadline')), Math.max(0, deadline.atMs - performance.now()) + graceMs)
    cancel = () => clearTimeout(timer)
  })
  try {
    await Promise.race([work, late])
  } finally {
    cancel()
  }
}
