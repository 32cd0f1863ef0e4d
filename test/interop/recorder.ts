/** An OTLP backend that keeps the requests it gets, as protobuf bytes: HTTP and gRPC on node:http and node:http2, none of Tapio's code. */
import { createServer as createHttp, type Server } from 'node:http'
import { createServer as createHttp2, type Http2Server, type ServerHttp2Stream } from 'node:http2'
import type { AddressInfo } from 'node:net'
import type { Readable } from 'node:stream'
import { gunzipSync } from 'node:zlib'
import { otlpSignals, signalFacts, type OtlpSignal } from '../../core/otlp/signals.js'

const signalOf = new Map<string, OtlpSignal>(otlpSignals.flatMap(s => [[signalFacts[s].httpPath, s], [signalFacts[s].grpcPath, s]]))

export class Recorder {
  readonly #http: Server
  readonly #grpc: Http2Server
  readonly #requests = new Map<OtlpSignal, Uint8Array[]>()
  /** Requests that were not what an OTLP client sends. */
  readonly faults: string[] = []

  private constructor () {
    this.#http = createHttp((request, response) => {
      whole(request, body => {
        this.#keep(request.url ?? '', body, request.headers['content-encoding'], request.headers['content-type'] === 'application/x-protobuf')
        response.writeHead(200, { 'content-type': 'application/x-protobuf', 'content-length': 0 }).end()
      })
    })
    this.#grpc = createHttp2()
    this.#grpc.on('stream', (stream: ServerHttp2Stream, headers) => {
      whole(stream, framed => {
        this.#keep(String(headers[':path']), framed.subarray(5), framed[0] === 1 ? String(headers['grpc-encoding']) : undefined, framed.readUInt32BE(1) === framed.length - 5)
        stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true })
        stream.on('wantTrailers', () => { stream.sendTrailers({ 'grpc-status': '0' }) })
        stream.end(Buffer.alloc(5))
      })
    })
  }

  static async start (): Promise<Recorder> {
    const recorder = new Recorder()
    await Promise.all([recorder.#http, recorder.#grpc].map(server => new Promise<void>(resolve => { server.listen(0, '127.0.0.1', resolve) })))
    return recorder
  }

  get httpPort (): number { return (this.#http.address() as AddressInfo).port }
  get grpcPort (): number { return (this.#grpc.address() as AddressInfo).port }

  /** What came since the last call. */
  take (signal: OtlpSignal): Uint8Array[] {
    const taken = this.#requests.get(signal) ?? []
    this.#requests.delete(signal)
    return taken
  }

  peek (signal: OtlpSignal): readonly Uint8Array[] { return this.#requests.get(signal) ?? [] }

  stop (): void {
    this.#http.close()
    this.#http.closeAllConnections()
    this.#grpc.close()
  }

  #keep (path: string, body: Buffer, encoding: string | undefined, sound: boolean): void {
    const signal = signalOf.get(path)
    if (signal === undefined || !sound) { this.faults.push(`a request to ${path} of another form than expected`); return }
    if (encoding !== undefined && encoding !== 'gzip') { this.faults.push(`a request to ${path} compressed with ${encoding}`); return }
    const requests = this.#requests.get(signal) ?? []
    requests.push(encoding === 'gzip' ? gunzipSync(body) : body)
    this.#requests.set(signal, requests)
  }
}

function whole (stream: Readable, done: (body: Buffer) => void): void {
  const chunks: Buffer[] = []
  stream.on('data', (chunk: Buffer) => { chunks.push(chunk) }).on('end', () => { done(Buffer.concat(chunks)) }).on('error', () => undefined)
}
