/**
 * The load generator, a process of its own. Requests are encoded before the clock runs; over HTTP/1.1 they are written whole
 * to raw sockets, over gRPC as streams of node:http2. Open loop when a rate is given (a late answer delays no request),
 * else as many requests in flight as told.
 */
import { connect as connectHttp2 } from 'node:http2'
import { connect as connectTcp } from 'node:net'
import { gzipSync } from 'node:zlib'
import { payloads, type Payload } from './payload.js'

export interface LoadJob {
  readonly protocol: 'grpc' | 'http'
  readonly port: number
  readonly gzip: boolean
  readonly spansPerRequest: number
  readonly connections: number
  readonly inFlight: number
  /** 0 = as fast as answers come. */
  readonly spansPerSecond: number
  readonly seconds: number
}

export interface LoadResult {
  /** Accepted by the other side. */
  readonly spans: number
  readonly sum: number
  /** Answered with "later", or with an error. */
  readonly refused: number
  readonly seconds: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly cpuSeconds: number
}

/** Sends one request; answers whether it was accepted. */
type Send = (variant: number) => Promise<boolean>

const variants = 16

async function run (job: LoadJob): Promise<LoadResult> {
  const made = payloads(variants, job.spansPerRequest)
  const { lines, close } = job.protocol === 'grpc' ? grpcLines(job, made) : await httpLines(job, made)
  const meter = new Meter(made)
  const cpu = process.cpuUsage()
  const startedMs = performance.now()
  await (job.spansPerSecond > 0 ? openLoop(job, lines, meter) : closedLoop(job, lines, meter))
  const seconds = (performance.now() - startedMs) / 1000
  const { user, system } = process.cpuUsage(cpu)
  close()
  return { ...meter.result(), seconds, cpuSeconds: (user + system) / 1e6 }
}

class Meter {
  #sum = 0
  #spans = 0
  #refused = 0
  readonly #latenciesMs: number[] = []

  constructor (readonly made: readonly Payload[]) {}

  async time (variant: number, send: Send): Promise<boolean> {
    const startedMs = performance.now()
    const taken = await send(variant)
    this.#latenciesMs.push(performance.now() - startedMs)
    const { spans, sum } = this.made[variant] as Payload
    if (taken) { this.#spans += spans; this.#sum = this.#sum + sum >>> 0 }
    else this.#refused++
    return taken
  }

  result (): Pick<LoadResult, 'spans' | 'sum' | 'refused' | 'p50Ms' | 'p99Ms'> {
    const sorted = this.#latenciesMs.sort((a, b) => a - b)
    const quantile = (q: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? NaN
    return { spans: this.#spans, sum: this.#sum, refused: this.#refused, p50Ms: quantile(0.5), p99Ms: quantile(0.99) }
  }
}

/** A client that is told "later" comes back a little later, as an SDK would. */
const pauseMs = 20

async function closedLoop ({ seconds, inFlight }: LoadJob, lines: readonly Send[], meter: Meter): Promise<void> {
  const endMs = performance.now() + seconds * 1000
  let next = 0
  await Promise.all(Array.from({ length: inFlight }, async (_, i) => {
    const send = lines[i % lines.length] as Send
    while (performance.now() < endMs) {
      if (!await meter.time(next++ % variants, send)) await new Promise(resolve => setTimeout(resolve, pauseMs))
    }
  }))
}

/** Every request has its time; a tick sends those whose time has come, to the lines in turn. */
async function openLoop ({ seconds, spansPerSecond, spansPerRequest }: LoadJob, lines: readonly Send[], meter: Meter): Promise<void> {
  const startedMs = performance.now()
  const total = Math.floor(seconds * spansPerSecond / spansPerRequest)
  const answers: Promise<boolean>[] = []
  while (answers.length < total) {
    const due = Math.min(total, (performance.now() - startedMs) / 1000 * spansPerSecond / spansPerRequest)
    while (answers.length < due) answers.push(meter.time(answers.length % variants, lines[answers.length % lines.length] as Send))
    await new Promise(resolve => setTimeout(resolve, 1))
  }
  await Promise.all(answers)
}

const body = (job: LoadJob, payload: Payload): Buffer => job.gzip ? gzipSync(payload.body) : payload.body

interface Lines { readonly lines: readonly Send[], readonly close: () => void }

function grpcLines (job: LoadJob, made: readonly Payload[]): Lines {
  const messages = made.map(payload => {
    const bytes = body(job, payload)
    const head = Buffer.from([job.gzip ? 1 : 0, 0, 0, 0, 0])
    head.writeUInt32BE(bytes.length, 1)
    return Buffer.concat([head, bytes])
  })
  const headers = {
    ':method': 'POST', ':path': '/opentelemetry.proto.collector.trace.v1.TraceService/Export', ':authority': `127.0.0.1:${job.port}`,
    'content-type': 'application/grpc', te: 'trailers', ...(job.gzip ? { 'grpc-encoding': 'gzip' } : {})
  }
  const sessions = Array.from({ length: job.connections }, () => connectHttp2(`http://127.0.0.1:${job.port}`))
  const lines = sessions.map<Send>(session => variant => new Promise((resolve, reject) => {
    const stream = session.request(headers)
    let status = ''
    const read = (found: Record<string, unknown>): void => { status = String(found['grpc-status'] ?? status) }
    // An error may come in the head alone ("trailers only").
    stream.on('response', read).on('trailers', read).on('error', reject).on('close', () => resolve(status === '0'))
    stream.resume()
    stream.end(messages[variant])
  }))
  return { lines, close: () => { for (const session of sessions) session.close() } }
}

async function httpLines (job: LoadJob, made: readonly Payload[]): Promise<Lines> {
  const requests = made.map(payload => {
    const bytes = body(job, payload)
    const head = `POST /v1/traces HTTP/1.1\r\nHost: 127.0.0.1:${job.port}\r\nContent-Type: application/x-protobuf\r\n${job.gzip ? 'Content-Encoding: gzip\r\n' : ''}Content-Length: ${bytes.length}\r\n\r\n`
    return Buffer.concat([Buffer.from(head), bytes])
  })
  const sockets = await Promise.all(Array.from({ length: job.connections }, () => HttpSocket.open(job.port)))
  return { lines: sockets.map<Send>(socket => variant => socket.send(requests[variant] as Buffer)), close: () => { for (const socket of sockets) socket.close() } }
}

/** One connection: requests wait in line for the answer of the one before. Reads the status line and Content-Length, no more. */
class HttpSocket {
  readonly #socket
  #line: Promise<unknown> = Promise.resolve()
  #seen = ''
  #answer: ((taken: boolean) => void) | undefined

  private constructor (port: number, opened: () => void) {
    this.#socket = connectTcp({ port, host: '127.0.0.1', noDelay: true }, opened)
    this.#socket.setEncoding('latin1').on('data', (text: string) => { this.#onData(text) })
  }

  static open (port: number): Promise<HttpSocket> {
    return new Promise(resolve => { const socket: HttpSocket = new HttpSocket(port, () => resolve(socket)) })
  }

  send (request: Buffer): Promise<boolean> {
    const answer = this.#line.then(() => new Promise<boolean>(resolve => {
      this.#answer = resolve
      this.#socket.write(request)
    }))
    this.#line = answer
    return answer
  }

  close (): void { this.#socket.destroy() }

  #onData (text: string): void {
    this.#seen += text
    const head = this.#seen.indexOf('\r\n\r\n')
    if (head < 0) return
    const length = /content-length: *(\d+)/i.exec(this.#seen.slice(0, head))
    if (length === null) throw new Error(`an answer without Content-Length: ${this.#seen.slice(0, head)}`)
    if (this.#seen.length < head + 4 + Number(length[1])) return
    const taken = this.#seen.startsWith('HTTP/1.1 200')
    this.#seen = ''
    this.#answer?.(taken)
  }
}

process.on('message', job => { void run(job as LoadJob).then(result => process.send?.(result)) })
