/**
 * `npm run demo`: replays a recorded incident (configs/demo/incident) through a real Tapio (configs/demo.yaml), shows what
 * flows, and ends with the story that was made of it. Ends by itself after some seconds, or on Ctrl-C.
 */
import { createReadStream, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { createInterface } from 'node:readline'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'
import { LiveSummary } from '../cli/live-summary.js'
import { processIo } from '../cli/io.js'
import { prepare } from '../cli/prepare.js'
import type { Incident } from '../incidents/incident.js'
import { parseIncident } from '../incidents/schema.js'
import { Instance } from '../instance.js'
import { pageOf, type Page } from '../story/layout.js'
import { incidentEventName } from '../story/rows.js'
import { byImportance } from '../story/select.js'
import { storyOf } from '../story/story.js'
import { storyText } from '../story/text.js'

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..')
const folder = join(root, 'tmp', 'demo')
const output = join(folder, 'events.jsonl')
const input = join(root, 'configs', 'demo', 'incident', 'incident.jsonl.gz')

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

function say (text: string): void { process.stdout.write(`${text}\n`) }

interface Event { readonly id?: string, readonly source?: string, readonly name?: string, readonly raw?: { readonly bytes?: string } }

const eventOf = (line: string): Event => JSON.parse(line) as Event

/** Events by what made them, and where they are said to come from. */
const origins: Readonly<Record<string, string>> = { ebpf: 'kernel, through eBPF', systemd: 'kernel log', kubernetes: 'Kubernetes objects and events', otlp: 'spans, logs and metrics of applications' }

/** Ids of what is replayed, by source. */
function replayed (): ReadonlyMap<string, ReadonlySet<string>> {
  const bySource = new Map<string, Set<string>>()
  for (const line of gunzipSync(readFileSync(input)).toString().trimEnd().split('\n')) {
    const { id = '', source = '' } = eventOf(line)
    bySource.set(source, (bySource.get(source) ?? new Set()).add(id))
  }
  return bySource
}

interface Arrived { readonly ids: Set<string>, readonly incidents: Map<string, Incident>, links: number }

/** What is in the file at the end; of an incident its last version. */
async function readBack (path: string): Promise<Arrived> {
  const arrived: Arrived = { ids: new Set(), incidents: new Map(), links: 0 }
  for await (const line of createInterface({ input: createReadStream(path) })) {
    const { id = '', name, raw } = eventOf(line)
    arrived.ids.add(id)
    if (name === 'tapio.link') arrived.links++
    const incident = name === incidentEventName ? parseIncident(Buffer.from(raw?.bytes ?? '', 'base64')) : undefined
    if (incident !== undefined) arrived.incidents.set(incident.id, incident)
  }
  return arrived
}

async function demo (): Promise<number> {
  // A reader that goes away (`npm run demo | head`) is no error.
  process.stdout.on('error', () => undefined)
  mkdirSync(folder, { recursive: true })
  rmSync(output, { force: true })
  const io = processIo()
  const page = pageOf(process.stdout.columns, io.color)
  const sent = replayed()
  const env = { ...io.env, TAPIO_DEMO_INCIDENT: input, TAPIO_DEMO_METRICS: `127.0.0.1:${await freePort(8888)}`, TAPIO_DEMO_FILE: output }
  const prepared = await prepare({ config: [join(root, 'configs', 'demo.yaml')] }, { ...io, env })
  if (prepared === undefined) return 78
  const tapio = new Instance(prepared.config, prepared.plan)
  let interrupt: () => void = () => undefined
  const interrupted = new Promise<void>(resolve => { interrupt = resolve })
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt)
  await tapio.start()
  introduce(prepared.plan, sent, page)
  const summary = new LiveSummary(tapio, io)
  summary.start()
  const early = await Promise.race([tapio.endRequested.then(() => false), interrupted.then(() => true)])
  const { undelivered } = await tapio.stop()
  summary.finish()
  process.off('SIGINT', interrupt).off('SIGTERM', interrupt)
  if (early) say('\nInterrupted; the pipeline ended in order. This is what was known by then.')
  return conclude(await readBack(output), sent, undelivered, early, page)
}

function introduce ({ service: { mode }, threads }: { readonly service: { readonly mode: string }, readonly threads: readonly string[] }, sent: ReadonlyMap<string, ReadonlySet<string>>, { colors: c }: Page): void {
  say(`${c.bold('Tapio is running')} configs/demo.yaml in mode ${mode} on threads ${threads.join(', ')}`)
  say('A minute of a small cluster at night, replayed ten times as fast as it happened. Recorded on a real machine, but for the Kubernetes part:')
  for (const [source, ids] of sent) say(`  ${String(ids.size).padStart(5)} ${c.bold(source.padEnd(10))} ${origins[source] ?? ''}${source === 'kubernetes' ? c.dim(' (synthetic: configs/demo/incident/README.md)') : ''}`)
  say('')
}

/** It turned out to be part of another: that one's story tells it. */
function wasJoined ({ status, related }: Incident, all: ReadonlyMap<string, Incident>): boolean {
  return status === 'resolved' && related.some(id => all.get(id)?.status === 'open')
}

function conclude ({ ids, incidents, links }: Arrived, sent: ReadonlyMap<string, ReadonlySet<string>>, undelivered: number, early: boolean, page: Page): number {
  const { colors: c } = page
  const stories = [...incidents.values()].filter(incident => !wasJoined(incident, incidents)).sort(byImportance)
  for (const incident of stories) say(`\n${storyText(storyOf(incident), page)}`)
  const total = [...sent.values()].reduce((sum, of) => sum + of.size, 0)
  const lost = early ? 0 : [...sent.values()].reduce((sum, of) => sum + [...of].filter(id => !ids.has(id)).length, 0)
  say(`${c.bold(`${total} events in, ${stories.length === 1 ? 'one incident' : `${stories.length} incidents`} out`)} (${links} links between symptoms). All of it: ${relative(process.cwd(), output)}`)
  if (early) return undelivered === 0 ? 0 : 1
  const ok = undelivered === 0 && lost === 0 && stories.length > 0
  say(ok ? c.green('Every event that went in came out too; the pipeline drained and ended in order.') : c.red(`${lost} events missing, ${undelivered} undelivered at the end, ${stories.length} incidents.`))
  return ok ? 0 : 1
}

process.exitCode = await demo()
