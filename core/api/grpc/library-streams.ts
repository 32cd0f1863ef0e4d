/**
 * Streams that a library answers without asking whether its client reads (health, reflection): kept within what grpc-js holds of
 * one stream, and ended when the server ends.
 */
import { status as codes, type Server, type ServerDuplexStream, type ServerWritableStream, type ServiceDefinition, type UntypedServiceImplementation } from '@grpc/grpc-js'

type Stream = ServerWritableStream<unknown, unknown> & Partial<Pick<ServerDuplexStream<unknown, unknown>, 'pause' | 'resume'>>
type Handler = (stream: Stream) => void

export class LibraryStreams {
  readonly #open = new Set<Stream>()
  #ended = false

  constructor (readonly server: Server) {}

  /** In the place of grpc-js' Server; `change` is given each answer of a stream and returns what is sent. */
  adder (change: (answer: unknown) => unknown = answer => answer): Pick<Server, 'addService'> {
    return { addService: (service, handlers) => { this.server.addService(service, this.#bounded(service, handlers, change)) } }
  }

  end (): void {
    this.#ended = true
    for (const stream of this.#open) this.#end(stream)
  }

  #bounded (service: ServiceDefinition, handlers: UntypedServiceImplementation, change: (answer: unknown) => unknown): UntypedServiceImplementation {
    const streaming = new Set(Object.values(service).filter(m => m.responseStream).map(m => m.path.slice(m.path.lastIndexOf('/') + 1).toLowerCase()))
    return Object.fromEntries(Object.entries(handlers).map(([name, handler]) => [name, streaming.has(name.toLowerCase())
      ? (stream: Stream) => { this.#onStream(stream, handler as Handler, change) }
      : handler]))
  }

  #onStream (stream: Stream, handler: Handler, change: (answer: unknown) => unknown): void {
    if (this.#ended) { this.#end(stream); return }
    this.#open.add(stream)
    stream.on('cancelled', () => this.#open.delete(stream)).on('close', () => this.#open.delete(stream))
    const write = stream.write.bind(stream) as (answer: unknown) => boolean
    /** The newest answer of a stream that has no requests to hold back. */
    let waiting: unknown
    stream.write = (answer: unknown): boolean => {
      if (stream.writableNeedDrain && stream.pause === undefined) { waiting = answer; return false }
      const more = write(change(answer))
      if (!more) stream.pause?.()
      return more
    }
    stream.on('drain', () => {
      stream.resume?.()
      if (waiting === undefined) return
      const answer = waiting
      waiting = undefined
      stream.write(answer)
    })
    handler(stream)
  }

  #end (stream: Stream): void {
    if (!stream.cancelled) stream.emit('error', { code: codes.UNAVAILABLE, details: 'this Tapio is shutting down; connect anew' })
  }
}
