/**
 * What a request costs the receiver: CPU of a process that does nothing else, for OTLP/gRPC on node:http2 (ours), the same
 * intake behind grpc-js, and OTLP/HTTP. All take turns in one run; the client is this process.
 */
import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import http from 'node:http'
import http2 from 'node:http2'
import { fileURLToPath } from 'node:url'
import { signalFacts } from '../../core/otlp/signals.js'
import { printMachine, printTable, type Report } from './report.js'
import { traceRequest } from './otlp-request.js'

const servers = ['grpc-js', 'grpc', 'http'] as const
type ServerName = (typeof servers)[number]
const inFlight = 16
const rounds = 5
const roundMs = 1500

interface Running { readonly process: ChildProcess, send(body: Buffer): Promise<void>, close(): void }

export async function run (report: Report): Promise<void> {
  printMachine(report)
  const rows = [['server CPU a request (us), median of rounds', ...servers, 'grpc-js / grpc']]
  const running = new Map<ServerName, Running>()
  try {
    for (const name of servers) running.set(name, await start(name))
    for (const spans of [1, 100, 1000]) {
      const body = traceRequest(spans)
      const cost = await compare(running, body)
      rows.push([`${spans} spans, ${(body.length / 1024).toFixed(0)} KiB`, ...servers.map(s => cost(s).toFixed(0)), `${(cost('grpc-js') / cost('grpc')).toFixed(1)}x`])
    }
  } finally {
    for (const server of running.values()) { server.close(); server.process.kill() }
  }
  printTable(report, rows)
}

/** Alternates, so that a slow phase of the machine meets all. The first round warms up. */
async function compare (running: ReadonlyMap<ServerName, Running>, body: Buffer): Promise<(name: ServerName) => number> {
  const figures = new Map<ServerName, number[]>(servers.map(s => [s, []]))
  for (let round = 0; round <= rounds; round++) {
    for (const [name, server] of running) {
      const cost = await oneRound(server, body)
      if (round > 0) figures.get(name)?.push(cost)
    }
  }
  return name => (figures.get(name) ?? []).sort((a, b) => a - b)[rounds >> 1] as number
}

async function oneRound (server: Running, body: Buffer): Promise<number> {
  const before = await usage(server.process)
  const end = performance.now() + roundMs
  let requests = 0
  await Promise.all(Array.from({ length: inFlight }, async () => {
    while (performance.now() < end) { await server.send(body); requests++ }
  }))
  return (await usage(server.process) - before) / requests
}

async function usage (child: ChildProcess): Promise<number> {
  child.send('usage')
  const [us] = await once(child, 'message') as [number]
  return us
}

async function start (name: ServerName): Promise<Running> {
  const child = fork(fileURLToPath(new URL('otlp-server-process.js', import.meta.url)), [name])
  const [port] = await once(child, 'message') as [number]
  return { process: child, ...(name === 'http' ? httpClient(port) : grpcClient(port)) }
}

function grpcClient (port: number): Omit<Running, 'process'> {
  const session = http2.connect(`http://127.0.0.1:${port}`)
  const head = { ':method': 'POST', ':path': signalFacts.traces.grpcPath, 'content-type': 'application/grpc', te: 'trailers', 'grpc-timeout': '9999m', 'user-agent': 'bench' }
  return {
    close: () => session.destroy(),
    send: body => new Promise((resolve, reject) => {
      const frame = Buffer.alloc(5 + body.length)
      frame.writeUInt32BE(body.length, 1)
      body.copy(frame, 5)
      let status = ''
      session.request(head).on('trailers', t => { status = String(t['grpc-status']) }).on('error', reject)
        .on('close', () => { if (status === '0') resolve(); else reject(new Error(`grpc-status ${status}`)) }).resume().end(frame)
    })
  }
}

function httpClient (port: number): Omit<Running, 'process'> {
  const agent = new http.Agent({ keepAlive: true, maxSockets: inFlight })
  return {
    close: () => agent.destroy(),
    send: body => new Promise((resolve, reject) => {
      const headers = { 'content-type': 'application/x-protobuf', 'content-length': body.length, 'user-agent': 'bench' }
      http.request({ agent, port, host: '127.0.0.1', method: 'POST', path: signalFacts.traces.httpPath, headers }, answer => {
        answer.on('end', () => { if (answer.statusCode === 200) resolve(); else reject(new Error(`HTTP ${answer.statusCode}`)) }).resume()
      }).on('error', reject).end(body)
    })
  }
}
