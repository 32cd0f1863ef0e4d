/**
 * What the boundary of a plugin costs: the same processor built in, as a plugin by columns, by rows and by objects, isolated and not, and no
 * processor at all. Source -> processor -> sink in mode `standard`, batches of 1000 rows of 25 columns (core/testing/template-batch.ts).
 * `npm run bench -- plugins`; about 2 minutes.
 *
 * Each variety is a process of its own that lives as long as the bench; they take turns, so that the machine's moods meet all of them. CPU
 * is that of all threads of the process; figures are medians over the rounds.
 */
import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { loadavg } from 'node:os'
import { fileURLToPath } from 'node:url'
import { setTimeout as sleep } from 'node:timers/promises'
import { Value } from '@sinclair/typebox/value'
import { pipelineOf } from '../../../core/builder.js'
import { registryUrl } from '../../../core/cli/registry.js'
import { pluginSchema, type PluginOptions } from '../../../core/plugins/config.js'
import { loadPlugins } from '../../../core/plugins/load.js'
import { moduleOf } from '../../../core/plugins/reference.js'
import { silentLogger } from '../../../core/testing/services.js'
import { valueOf } from '../../../core/telemetry/snapshot.js'
import { printMachine, printTable, rate, type Report } from '../report.js'

const rounds = 7
const warmUpMs = 1500
const windowMs = 1500
const batchRows = 1000

interface Variety { readonly name: string, readonly processor?: string, readonly isolation?: 'none' | 'worker' }

const varieties: readonly Variety[] = [
  { name: 'no processor' },
  { name: 'built in, columns', processor: 'trim_columns' },
  { name: 'plugin, columns', processor: 'trim_columns', isolation: 'none' },
  { name: 'plugin, rows', processor: 'trim_rows', isolation: 'none' },
  { name: 'plugin, objects', processor: 'trim_objects', isolation: 'none' },
  { name: 'plugin, columns, isolated', processor: 'trim_columns', isolation: 'worker' },
  { name: 'plugin, rows, isolated', processor: 'trim_rows', isolation: 'worker' },
  { name: 'plugin, objects, isolated', processor: 'trim_objects', isolation: 'worker' }
]

interface Turn { readonly perSecond: number, readonly cpuSecondsPerMillion: number }

const trim = new URL('trim.js', import.meta.url)

async function modulesOf ({ isolation }: Variety): Promise<readonly string[]> {
  const own = [registryUrl, new URL('../../../core/testing/components.js', import.meta.url).href]
  if (isolation === undefined) return [...own, trim.href]
  const loaded = await loadPlugins(Value.Default(pluginSchema, { path: fileURLToPath(trim), isolation }) as PluginOptions, '/')
  return [...own, ...loaded.map(({ reference }) => moduleOf(reference))]
}

/** From start to stop; the window begins when the threads have compiled what they run. */
async function turn (variety: Variety, modules: readonly string[]): Promise<Turn> {
  const builder = pipelineOf(modules).withMode('standard').withBatchSize(batchRows).withLogger(silentLogger)
    .withService({ telemetry: { metrics: { enabled: false }, logs: { level: 'error' } } })
    .receiver('test_source', { rows: Number.MAX_SAFE_INTEGER, batch_rows: batchRows, finish: false })
  if (variety.processor !== undefined) builder.processor(variety.processor)
  const tapio = await builder.exporter('test_sink').build()
  const sunk = (): number => Number(valueOf(tapio.snapshot(), 'tapio_test_sink_events_total')) + Number(valueOf(tapio.snapshot(), 'tapio_component_dropped_events_total', { reason: 'severe' }))
  await tapio.start()
  await sleep(warmUpMs)
  const [rowsBefore, cpuBefore, startedMs] = [sunk(), process.cpuUsage(), performance.now()]
  await sleep(windowMs)
  const [rows, cpu, seconds] = [sunk() - rowsBefore, process.cpuUsage(cpuBefore), (performance.now() - startedMs) / 1000]
  await tapio.stop(5000)
  return { perSecond: rows / seconds, cpuSecondsPerMillion: (cpu.user + cpu.system) / rows }
}

async function serve (variety: Variety): Promise<void> {
  const modules = await modulesOf(variety)
  process.on('message', () => { void turn(variety, modules).then(result => { process.send?.(result) }) })
  process.send?.('ready')
}

export async function run (report: Report): Promise<void> {
  report('# plugins')
  printMachine(report)
  report(`load before: ${loadavg()[0]?.toFixed(2)}; ${rounds} rounds of ${windowMs} ms each, after ${warmUpMs} ms`)
  const children: ChildProcess[] = []
  try {
    for (const { name } of varieties) {
      const child = fork(fileURLToPath(import.meta.url), [name], { execArgv: process.execArgv })
      children.push(child)
      await once(child, 'message')
    }
    const turns: Turn[][] = varieties.map(() => [])
    for (let round = 0; round < rounds; round++) {
      for (const [i, child] of children.entries()) {
        child.send('go')
        turns[i]?.push((await once(child, 'message'))[0] as Turn)
      }
    }
    const builtIn = median(turns[1] as Turn[], t => t.cpuSecondsPerMillion)
    printTable(report, [['', 'events/s', 'CPU-s per million', 'of built in'], ...varieties.map(({ name }, i) => {
      const cpu = median(turns[i] as Turn[], t => t.cpuSecondsPerMillion)
      return [name, rate(median(turns[i] as Turn[], t => t.perSecond)), cpu.toFixed(3), `${(cpu / builtIn).toFixed(2)}x`]
    })])
    report(`load after: ${loadavg()[0]?.toFixed(2)}`)
  } finally {
    for (const child of children) child.kill()
  }
}

const median = (turns: readonly Turn[], of: (turn: Turn) => number): number => turns.map(of).sort((a, b) => a - b)[turns.length >> 1] as number

const chosen = varieties.find(v => v.name === process.argv[2])
if (process.argv[1] === fileURLToPath(import.meta.url) && chosen !== undefined) await serve(chosen)
