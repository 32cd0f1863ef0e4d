/** `tapio bench`: how much a configuration can take on this machine, and where it is stuck. */
import { Option, type Command } from 'commander'
import { availableParallelism, loadavg } from 'node:os'
import { resolve } from 'node:path'
import pc from 'picocolors'
import { measure, type Measured } from '../config-bench/measure.js'
import { bottleneckOf, costsOf, pacedShare, percent, type Passes } from '../config-bench/report.js'
import { benched, signalsOf, type Variant } from '../config-bench/rewire.js'
import type { ExitName } from './exit-codes.js'
import type { CommandIo } from './io.js'
import { prepare, type ConfigOptions, type Prepared } from './prepare.js'

export interface BenchOptions extends ConfigOptions {
  readonly seconds?: number
  readonly batchRows?: number
  readonly input?: string
  readonly realExporters?: boolean
}

const number = (min: number, max: number) => (text: string): number => {
  const value = Number(text)
  if (!(value >= min && value <= max)) throw new Error(`expected a number from ${min} to ${max}, found ${text}`)
  return value
}

export function addBenchCommand (program: Command, options: () => readonly Option[], io: CommandIo, done: (exit: ExitName) => void): void {
  const command = program.command('bench').description('how much the pipelines of a configuration can take on this machine, and where they are stuck')
  for (const option of options()) command.addOption(option)
  command
    .addOption(new Option('--seconds <n>', 'how long to measure in all').argParser(number(4, 3600)).default(16))
    .addOption(new Option('--batch-rows <n>', 'rows of the batches that come in').argParser(number(1, 100_000)).default(1000))
    .option('--input <file>', 'rows of a recording instead of made ones, again and again')
    .option('--real-exporters', 'send to the exporters of the configuration; without it sinks stand for them')
    .addOption(new Option('-o, --output <format>', 'how to print').choices(['text', 'json']).default('text'))
    .action(async (chosen: BenchOptions) => {
      if ((chosen.config ?? []).length === 0) { io.err('tapio bench: give --config FILE\n'); done('usage'); return }
      done(await bench(chosen, io))
    })
}

export async function bench (options: BenchOptions, io: CommandIo): Promise<ExitName> {
  const prepared = await prepare(options, io)
  if (prepared === undefined) return 'config'
  const stop = io.interrupts?.()
  try {
    const passes = await run(prepared, options, io, stop?.signal ?? new AbortController().signal)
    const figures = summaryOf(passes, prepared, options)
    io.out(options.output === 'json' ? `${JSON.stringify(figures, null, 2)}\n` : text(figures, io))
    return 'ok'
  } catch (error) {
    io.err(`tapio bench: ${error instanceof Error ? error.message : String(error)}\n`)
    return 'failure'
  } finally {
    stop?.release()
  }
}

/** The pass that tells how much gets most of the time: threads say every five seconds how busy they are. */
const shares = { full: 0.45, paced: 0.2, one: 0.2, through: 0.15 }

async function run ({ config, catalog }: Prepared, options: BenchOptions, io: CommandIo, signal: AbortSignal): Promise<Passes> {
  const { seconds = 16, batchRows = 1000, realExporters = false, input } = options
  const file = input === undefined ? '' : resolve(input)
  const pass = (what: string, share: number, as: Variant['as'], rowsPerSecond = 0): Promise<Measured> => {
    if (io.isErrTerminal === true && options.output !== 'json') io.err(`measuring ${what} …\n`)
    return measure(benched(config, { batchRows, rowsPerSecond, file }, { realExporters, as }), catalog.modules, seconds * 1000 * share, signal)
  }
  const full = await pass('as fast as rows are taken', shares.full, 'configured')
  if (full.inPerSecond === 0) throw new Error('the pipelines took no rows: every batch was refused, or waits for an answer')
  return {
    full,
    paced: await pass(`${percent(pacedShare)} of that`, shares.paced, 'configured', full.inPerSecond * pacedShare),
    oneThread: await pass('each component in one thread', shares.one, 'one_thread'),
    passThrough: await pass('processors that do nothing', shares.through, 'pass_through')
  }
}

function summaryOf (passes: Passes, { config, catalog }: Prepared, { realExporters = false, batchRows = 1000, input }: BenchOptions) {
  const { full, paced, oneThread, passThrough } = passes
  return {
    mode: config.service.mode, coresThere: availableParallelism(), loadAverage: loadavg()[0] ?? 0, batchRows, input: input ?? `made rows: ${signalsOf(config).join(', ')}`, realExporters,
    ...full, plan: undefined,
    latency: { atRowsPerSecond: paced.inPerSecond, p50Ms: paced.p50Ms, p99Ms: paced.p99Ms, refusedPerSecond: paced.refusedPerSecond },
    passThrough: { inPerSecond: passThrough.inPerSecond, ratio: full.inPerSecond / passThrough.inPerSecond },
    oneThread: { inPerSecond: oneThread.inPerSecond }, costs: costsOf(oneThread),
    bottleneck: bottleneckOf(passes, (kind, type) => catalog.find(kind, type), availableParallelism())
  }
}

const rate = (n: number): string => `${Math.round(n).toLocaleString('en-US')} rows/s`
const ms = (n: number | undefined): string => n === undefined ? 'not measured' : n === Infinity ? 'more than 5 s' : `at most ${n} ms`

function text (f: ReturnType<typeof summaryOf>, io: CommandIo): string {
  const c = pc.createColors(io.color)
  const sides = f.realExporters ? 'the exporters of the configuration' : 'sinks that count, not the real backends'
  const wide = Math.max(...f.edges.map(e => `${e.from} -> ${e.to}`.length), 20)
  return [
    `${c.bold(rate(f.inPerSecond))} taken, mode ${f.mode} on ${f.coresThere} cores, batches of ${f.batchRows} rows (${f.input}), into ${sides}`,
    '',
    `latency   at ${rate(f.latency.atRowsPerSecond)}: p50 ${ms(f.latency.p50Ms)}, p99 ${ms(f.latency.p99Ms)}${f.latency.refusedPerSecond > 0 ? `; ${rate(f.latency.refusedPerSecond)} not taken` : ''}`,
    `compared  ${percent(f.passThrough.ratio)} of the same graph with processors that do nothing (${rate(f.passThrough.inPerSecond)}); in one thread ${rate(f.oneThread.inPerSecond)}`,
    `used      ${f.cores.toFixed(1)} of ${f.coresThere} cores, memory at most ${Math.round(f.rssMaxBytes / 2 ** 20)} MiB, garbage collection ${percent(f.gcMs / 1000 / f.seconds)} of the main thread's time`,
    ...Object.entries(f.threads).sort((a, b) => b[1] - a[1]).map(([name, busy]) => `          thread ${name} busy ${percent(busy)}`),
    ...Object.entries(f.drops).map(([what, rows]) => `dropped   ${what}: ${rate(rows / f.seconds)}`),
    ...(f.loadAverage > f.coresThere + 1 ? [c.yellow(`note      the machine has more to do than this (load ${f.loadAverage.toFixed(1)} on ${f.coresThere} cores): alone it would take more`)] : []),
    '', 'rows on each edge',
    ...f.edges.map(e => `  ${`${e.from} -> ${e.to}`.padEnd(wide)}  ${rate(e.rowsPerSecond)}`),
    '', 'time of each component (measured in one thread; of one that answers later, its waiting too)',
    ...f.costs.map(x => `  ${x.component.padEnd(wide)}  ${x.microsecondsPerRow.toFixed(3).padStart(9)} µs a row  ${percent(x.share).padStart(5)}`),
    '', `${c.bold('bottleneck')}: ${c.yellow(f.bottleneck.where)}`, `  why      ${f.bottleneck.why}`, `  to do    ${f.bottleneck.todo}`, ''
  ].join('\n')
}
