/** One connection to a system bus, to systemd on it: calls that end in time, and signals. */
import type { Socket } from 'node:net'
import { Message, MessageType, sessionBus, type MessageBus } from '@jellybrick/dbus-next'

const systemd = 'org.freedesktop.systemd1'
const driver = 'org.freedesktop.DBus'
const managerPath = '/org/freedesktop/systemd1'
export const unitPaths = `${managerPath}/unit`
export const managerInterface = `${systemd}.Manager`
export const propertiesInterface = 'org.freedesktop.DBus.Properties'

export interface BusSignal { readonly path: string, readonly interface: string, readonly member: string, readonly body: readonly unknown[] }

export interface BusOptions {
  readonly address: string
  readonly timeoutMs: number
  /** Ends the connection, also while it is being made. */
  readonly signal: AbortSignal
  readonly onSignal: (signal: BusSignal) => void
  /** Once, when the connection is of no more use. */
  readonly onEnd: (reason: string) => void
}

/** Of the library's own connection, which it does not type: the bus object has no event for the end, nor a way to end at once. */
interface Inner { on(event: 'end', listener: () => void): void, stream?: Socket }

export class Bus {
  readonly #bus: MessageBus
  readonly #inner: Inner | undefined
  readonly #failures = new Set<(error: Error) => void>()
  #ended = false
  readonly #abort = (): void => { this.close() }

  private constructor (readonly options: BusOptions) {
    // `sessionBus` is the one that takes an address.
    this.#bus = sessionBus({ busAddress: options.address })
    this.#inner = Reflect.get(this.#bus, '_connection') as Inner | undefined
    const fail = (reason: string): void => { this.#end(reason) }
    ;(this.#bus as NodeJS.EventEmitter).on('error', (error: unknown) => { fail(error instanceof Error ? error.message : String(error)) })
    this.#bus.on('connect', () => { if (this.#ended) this.#hangUp() })
    this.#bus.on('message', message => { if (message.type === MessageType.SIGNAL && !this.#ended) options.onSignal(message) })
    this.#inner?.on('end', () => { fail('the bus closed the connection') })
    options.signal.addEventListener('abort', this.#abort, { once: true })
  }

  /** Connected, and systemd sends its signals. Rejects with the reason. */
  static async connect (options: BusOptions): Promise<Bus> {
    const bus = new Bus(options)
    try {
      for (const rule of [`interface='${managerInterface}'`, `interface='${propertiesInterface}',path_namespace='${unitPaths}'`]) {
        await bus.#call({ destination: driver, path: '/org/freedesktop/DBus', interface: driver, member: 'AddMatch', signature: 's', body: [`type='signal',sender='${systemd}',${rule}`] })
      }
      await bus.manager('Subscribe')
    } catch (error) {
      bus.close()
      throw error
    }
    return bus
  }

  /** A method of systemd's manager without arguments. */
  manager (member: string): Promise<readonly unknown[]> {
    return this.#call({ destination: systemd, path: managerPath, interface: managerInterface, member })
  }

  /** All properties of a unit on `of`: `Unit`, `Service`. */
  async properties (path: string, of: string): Promise<unknown> {
    return (await this.#call({ destination: systemd, path, interface: propertiesInterface, member: 'GetAll', signature: 's', body: [`${systemd}.${of}`] }))[0]
  }

  close (): void {
    this.#ended = true
    for (const fail of this.#failures) fail(new Error('the connection was closed'))
    this.#hangUp()
  }

  #end (reason: string): void {
    if (this.#ended) return
    this.#ended = true
    for (const fail of this.#failures) fail(new Error(reason))
    this.#hangUp()
    this.options.onEnd(reason)
  }

  #hangUp (): void {
    this.options.signal.removeEventListener('abort', this.#abort)
    this.#bus.disconnect()
    this.#inner?.stream?.destroy()
  }

  #call (message: ConstructorParameters<typeof Message>[0]): Promise<readonly unknown[]> {
    if (this.#ended) return Promise.reject(new Error('the connection was closed'))
    return new Promise((resolve, reject) => {
      const settle = (act: () => void): void => { clearTimeout(timer); this.#failures.delete(fail); act() }
      const fail = (error: Error): void => { settle(() => { reject(error) }) }
      const timer = setTimeout(() => { fail(new Error(`no answer to ${message.member} within ${this.options.timeoutMs} ms`)) }, this.options.timeoutMs)
      this.#failures.add(fail)
      this.#bus.call(new Message(message)).then(
        answer => { settle(() => { resolve(answer?.body ?? []) }) },
        (error: unknown) => { fail(error instanceof Error ? error : new Error(String(error))) }
      )
    })
  }
}
