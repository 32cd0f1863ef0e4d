/**
 * `npm run demo`: starts a real Tapio from configs/demo.yaml, lets a small instrumented program (configs/demo/shop.ts, the
 * official OpenTelemetry SDK) send it traces, metrics and logs, shows what flows, and ends with what arrived where.
 * Ends by itself after a few seconds, or on Ctrl-C.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { createReadStream, mkdirSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { createInterface } from 'node:readline'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import pc from 'picocolors'
import { LiveSummary } from '../cli/live-summary.js'
import { processIo } from '../cli/io.js'
import { prepare } from '../cli/prepare.js'
import { Instance } from '../instance.js'

const dist = join(dirname(fileURLToPath(import.meta.url)), '..', '..')
const root = join(dist, '..')
const folder = join(root, 'tmp', 'demo')
const file = join(folder, 'events.jsonl')

/** The usual port when it is free, else one the system picks, so that the demo runs beside a collector. */
function freePort (wanted: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', () => { if (wanted === 0) reject(new Error('no free port on loopback')); else resolve(freePort(0)) })
    server.listen(wanted, '127.0.0.1', () => {
      const { port } = server.address() as { port: number }
      server.close(() => resolve(port))
    })
  })
}

function startShop (grpc: string, http: string): { child: ChildProcess, done: Promise<string> } {
  const child = spawn(process.execPath, [join(dist, 'configs', 'demo', 'shop.js')], {
    env: { ...process.env, OTLP_GRPC: grpc, OTLP_HTTP: http }, stdio: ['ignore', 'pipe', 'inherit'], cwd: root,
    // A group of its own: Ctrl-C in a terminal goes to all of the group, and the shop is to be asked by us, once.
    detached: true
  })
  let output = ''
  child.stdout?.on('data', (chunk: Buffer) => { output += chunk.toString() })
  return { child, done: new Promise((resolve, reject) => { child.once('error', reject); child.once('close', () => resolve(output.trim())) }) }
}

interface Arrived { readonly bySignal: Map<string, number>, readonly errors: Map<string, number>, lines: number, first: string }

/** What is in the file, counted by reading it back. */
async function readBack (path: string): Promise<Arrived> {
  const arrived: Arrived = { bySignal: new Map(), errors: new Map(), lines: 0, first: '' }
  const bump = (map: Map<string, number>, key: string): void => { map.set(key, (map.get(key) ?? 0) + 1) }
  for await (const line of createInterface({ input: createReadStream(path) })) {
    const event = JSON.parse(line) as { signal: string, severity?: number, name?: string, message?: string, statusMessage?: string, resource?: Record<string, string> }
    arrived.lines++
    if (arrived.first === '') arrived.first = line
    bump(arrived.bySignal, event.signal)
    if ((event.severity ?? 0) >= 17) bump(arrived.errors, `${event.resource?.['service.name'] ?? '?'}: ${event.statusMessage ?? event.message ?? event.name ?? '?'}`)
  }
  return arrived
}

function say (text: string): void { process.stdout.write(`${text}\n`) }

async function demo (): Promise<number> {
  mkdirSync(folder, { recursive: true })
  rmSync(file, { force: true })
  const io = processIo()
  const c = pc.createColors(io.color)
  const [grpc, http, metrics] = await Promise.all([freePort(4317), freePort(4318), freePort(8888)])
  Object.assign(process.env, { TAPIO_DEMO_GRPC: `127.0.0.1:${grpc}`, TAPIO_DEMO_HTTP: `127.0.0.1:${http}`, TAPIO_DEMO_METRICS: `127.0.0.1:${metrics}`, TAPIO_DEMO_FILE: file })
  const prepared = await prepare({ config: [join(root, 'configs', 'demo.yaml')] }, io)
  if (prepared === undefined) return 78
  const tapio = new Instance(prepared.config, prepared.plan, io.modules)
  await tapio.start()
  say(c.bold('Tapio is running') + ` configs/demo.yaml in mode ${prepared.plan.service.mode} on threads ${prepared.plan.threads.join(', ')}`)
  say(`OTLP/gRPC 127.0.0.1:${grpc}, OTLP/HTTP 127.0.0.1:${http}, metrics http://127.0.0.1:${metrics}/metrics`)
  say('A small shop, instrumented with the OpenTelemetry SDK, sends traces (gRPC), metrics (HTTP/protobuf) and logs (HTTP/JSON) …\n')
  const shop = startShop(`127.0.0.1:${grpc}`, `127.0.0.1:${http}`)
  let interrupted = false
  const onSignal = (): void => { interrupted = true; shop.child.kill('SIGTERM') }
  process.once('SIGINT', onSignal).once('SIGTERM', onSignal)
  const summary = new LiveSummary(tapio, io)
  summary.start()
  const failed = tapio.endRequested.then(end => { shop.child.kill('SIGTERM'); return end.reason })
  const sent = await shop.done
  const report = await tapio.stop()
  summary.finish()
  process.off('SIGINT', onSignal).off('SIGTERM', onSignal)
  if (sent === '' && interrupted) { say('\nInterrupted before the shop had sent anything; the pipeline ended in order.'); return report.undelivered === 0 ? 0 : 1 }
  if (sent === '') say(c.red(`the shop did not finish: ${await Promise.race([failed, 'see above'])}`))
  return await conclude(sent, report.undelivered, c)
}

async function conclude (sent: string, undelivered: number, c: ReturnType<typeof pc.createColors>): Promise<number> {
  const arrived = await readBack(file)
  const counts = sent === '' ? undefined : JSON.parse(sent) as { spans: number, logs: number }
  const lost = counts === undefined ? 0 : counts.spans - (arrived.bySignal.get('traces') ?? 0) + counts.logs - (arrived.bySignal.get('logs') ?? 0)
  say(c.bold('\nWhat arrived'))
  for (const [signal, count] of arrived.bySignal) say(`  ${signal.padEnd(8)} ${count.toLocaleString('en')}${signal === 'traces' && counts ? ` of ${counts.spans.toLocaleString('en')} spans sent` : signal === 'logs' && counts ? ` of ${counts.logs.toLocaleString('en')} records sent` : ''}`)
  say(c.bold('Most frequent errors'))
  for (const [what, count] of [...arrived.errors].sort((a, b) => b[1] - a[1]).slice(0, 3)) say(`  ${String(count).padStart(5)} x ${what}`)
  say(c.bold('In the file') + ` ${relative(process.cwd(), file)}: ${arrived.lines.toLocaleString('en')} events, one JSON object a line, for example`)
  say(`  ${arrived.first.slice(0, 300)}${arrived.first.length > 300 ? ' …' : ''}`)
  const ok = undelivered === 0 && lost === 0 && arrived.lines > 0
  say(ok ? c.green('\nEverything that was sent arrived; the pipeline drained and ended in order.') : c.red(`\n${lost} records missing, ${undelivered} undelivered at the end.`))
  return ok ? 0 : 1
}

process.exitCode = await demo()
