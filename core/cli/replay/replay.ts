/** `tapio replay`: from flags to a destination, and what became of it in words. */
import type { ResolvedConfig } from '../../config/shape.js'
import { listed, nearest } from '../../config/suggest.js'
import { openCatalog } from '../../instance.js'
import { loadConfig } from '../../config/load.js'
import { renderFaults } from '../../config/render.js'
import type { WhenDelivered } from '../../replay/file-replay.js'
import { PlaceError, findPlaces } from '../../replay/places.js'
import { replay, replayModule } from '../../replay/replay.js'
import { ReplayReport } from '../../replay/report.js'
import { throughPipeline, toExporter } from '../../replay/rewire.js'
import { printable } from '../../story/printable.js'
import type { ExitName } from '../exit-codes.js'
import type { CommandIo } from '../io.js'
import { plainLogger } from '../plain-logger.js'
import { prepare } from '../prepare.js'
import { Progress } from '../progress.js'
import type { RunOptions } from '../run.js'
import type { ReplayFlags } from './commands.js'
import { destinationOf } from './destination.js'
import { showSurveys } from './list.js'
import { play } from './play.js'
import { showReport } from './report.js'
import { choiceOf, exporterFor, ownedPaths, sourcesOf, type Source } from './sources.js'

const doing = 'tapio replay'

/** Paths that are sent through one configuration. */
interface Leg { readonly config: ResolvedConfig, readonly paths: string[], readonly to: string }

export async function replayCommand (paths: readonly string[], flags: ReplayFlags, io: CommandIo, run: (options: RunOptions) => Promise<ExitName>): Promise<ExitName> {
  const fault = usageFault(paths, flags)
  if (fault !== '') { io.err(`${doing}: ${fault}\n`); return 'usage' }
  try {
    if (flags.speed !== undefined || flags.asFastAsPossible === true) return await play(paths, flags, run)
    if (flags.config.length === 0) return await toEndpoint(paths, flags, io)
    const prepared = await prepare({ config: flags.config, set: flags.set, isPart: true }, io)
    if (prepared === undefined) return 'config'
    const sources = paths.length > 0 ? ownedPaths(paths, prepared.config) : sourcesOf(prepared.config, flags.queues === true)
    if (sources.length === 0) throw new PlaceError('no exporter of the configuration has a `dead_letter.directory`: name directories or files')
    if (flags.dryRun === true) return await showSurveys(sources.map(s => s.path), flags, io, doing)
    if (flags.to !== undefined) return await toEndpoint(sources.map(s => s.path), flags, io)
    return await send(legsOf(sources, flags, prepared.config), flags, io)
  } catch (error) {
    if (!(error instanceof PlaceError)) throw error
    io.err(`${doing}: ${printable(error.message, 4000)}\n`)
    return 'failure'
  }
}

function usageFault (paths: readonly string[], { to, config, speed, asFastAsPossible, dryRun, exporter, pipeline, maxGap, now, rate, delete: deletes, moveTo }: ReplayFlags): string {
  const plays = speed !== undefined || asFastAsPossible === true
  if (paths.length === 0 && config.length === 0) return 'give directories or files, or --config FILE for the dead letters of its exporters (see tapio replay --help)'
  if (to === undefined && config.length === 0 && dryRun !== true) return 'where to? Give --to ENDPOINT, or --config FILE to send through one of its exporters'
  if ((exporter !== undefined || pipeline !== undefined || plays) && config.length === 0) return `${plays ? '--speed and --as-fast-as-possible run' : '--exporter and --pipeline are parts of'} a configuration: give --config FILE`
  if ((maxGap !== undefined && speed === undefined) || (now === true && !plays)) return '--max-gap goes with --speed, --now with --speed or --as-fast-as-possible'
  if (plays && paths.length === 0) return 'which recording? Give files or directories'
  return plays && (rate !== undefined || deletes === true || moveTo !== undefined || exporter !== undefined || dryRun === true) ? '--speed and --as-fast-as-possible play a recording as it happened: --rate, --delete, --move-to, --exporter and --dry-run are of no use with them' : ''
}

async function toEndpoint (paths: readonly string[], flags: ReplayFlags, io: CommandIo): Promise<ExitName> {
  if (flags.dryRun === true) return showSurveys(paths, flags, io, doing)
  const to = flags.to as string
  const { exporter, source } = destinationOf(to, flags)
  const catalog = await openCatalog([...io.modules, replayModule])
  // Without pipelines it is no whole configuration: the one of the replay is added.
  const loaded = loadConfig({ configs: [source, 'yaml:receivers: {replay: null}', `yaml:service: {pipelines: {replay: {receivers: [replay], exporters: [${exporter}]}}}`] }, catalog, {})
  if (!loaded.ok) { io.err(`${renderFaults(loaded.faults, { color: io.color })}\n`); return 'config' }
  const component = loaded.config.components.find(c => c.id.kind === 'exporter')
  if (component === undefined) throw new PlaceError(`this build has no exporter for ${to}`)
  return send([{ config: toExporter(loaded.config, component.id), paths: [...paths], to }], flags, io)
}

/** One for each exporter, or one for the pipeline. */
function legsOf (sources: readonly Source[], flags: ReplayFlags, config: ResolvedConfig): Leg[] {
  const { pipeline } = flags
  if (pipeline !== undefined) {
    const names = config.pipelines.map(p => p.name)
    const near = nearest(pipeline, names)
    if (!names.includes(pipeline)) throw new PlaceError(`the configuration has no pipeline "${pipeline}"${near === undefined ? '' : `; did you mean "${near}"?`} It has: ${listed(names)}`)
    return [{ config: throughPipeline(config, pipeline), paths: sources.map(s => s.path), to: `pipeline ${pipeline}` }]
  }
  const legs = new Map<string, Leg>()
  for (const source of sources) {
    const { id } = exporterFor(source, flags.exporter, config)
    const leg = legs.get(id.text) ?? { config: toExporter(config, id), paths: [], to: `exporter ${id.text}` }
    leg.paths.push(source.path)
    legs.set(id.text, leg)
  }
  return [...legs.values()]
}

async function send (legs: readonly Leg[], flags: ReplayFlags, io: CommandIo): Promise<ExitName> {
  const report = new ReplayReport()
  const progress = new Progress(io, doing)
  const interrupts = io.interrupts?.()
  const signal = interrupts?.signal ?? new AbortController().signal
  const whenDelivered: WhenDelivered = flags.delete === true ? { kind: 'delete' } : flags.moveTo !== undefined ? { kind: 'move', directory: flags.moveTo } : { kind: 'keep' }
  try {
    for (const { config, paths } of legs) {
      if (signal.aborted || report.gaveUp !== '') break
      const places = await findPlaces(paths)
      await replay({
        places, config, modules: io.modules, signal, whenDelivered, choice: choiceOf(flags), again: flags.again === true, rate: flags.rate,
        logger: plainLogger(io, { doing, warns: true, isVerbose: flags.verbose === true }),
        onProgress: rows => { progress.tell(rows) }
      }, report)
    }
    return finish(report, legs, flags, io, progress)
  } catch (error) {
    // What was sent before is worth knowing.
    if (report.batches > 0) finish(report, legs, flags, io, progress)
    else progress.end()
    throw error instanceof PlaceError ? error : new PlaceError((error as Error).message)
  } finally {
    interrupts?.release()
  }
}

function finish (report: ReplayReport, legs: readonly Leg[], flags: ReplayFlags, io: CommandIo, progress: Progress): ExitName {
  progress.end()
  return showReport(report, { to: legs.map(l => l.to).join(', '), elapsedMs: progress.elapsedMs, asJson: flags.output === 'json' }, io)
}
