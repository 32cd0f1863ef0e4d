/** An OTLP/HTTP backend that takes so many records a second and no more, and notes when each came. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { recordsOf } from './records.js'

export class SlowBackend {
  /** By number: how often it came. */
  readonly delivered = new Map<number, number>()
  /** From being made to being taken, in milliseconds. */
  readonly latencies: Readonly<Record<'severe' | 'others', number[]>> = { severe: [], others: [] }
  readonly #sockets = new Set<Socket>()
  #server: Server | undefined
  #freeAtMs = 0
  /** Records a second; Infinity = as fast as they come. */
  capacity: number

  constructor (capacity: number) { this.capacity = capacity }

  async listen (): Promise<number> {
    const server = createServer((request, response) => { void this.#answer(request, response) })
    server.on('connection', socket => { this.#sockets.add(socket.on('close', () => this.#sockets.delete(socket)).on('error', () => undefined)) })
    await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve))
    this.#server = server
    return (server.address() as AddressInfo).port
  }

  async close (): Promise<void> {
    const closed = new Promise(resolve => this.#server?.close(resolve))
    for (const socket of this.#sockets) socket.destroy()
    await closed
  }

  async #answer (request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    try {
      for await (const chunk of request) chunks.push(chunk as Buffer)
    } catch { return }
    const records = recordsOf(Buffer.concat(chunks))
    // One after the other, as if by one disk.
    this.#freeAtMs = Math.max(this.#freeAtMs, performance.now()) + (this.capacity === Infinity ? 0 : records.length * 1000 / this.capacity)
    await new Promise(resolve => setTimeout(resolve, this.#freeAtMs - performance.now()))
    if (response.destroyed) return
    const now = Date.now()
    for (const { id, severe, madeMs } of records) {
      this.delivered.set(id, (this.delivered.get(id) ?? 0) + 1)
      this.latencies[severe ? 'severe' : 'others'].push(now - madeMs)
    }
    response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end()
  }
}
