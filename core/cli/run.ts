/** `tapio --config FILE`: runs until a signal or a component asks for the end, then drains. SIGHUP loads the configuration again. */
import { systemClock } from '../component/clock.js'
import { Instance } from '../instance.js'
import type { ExitName } from './exit-codes.js'
import type { CommandIo } from './io.js'
import { LiveSummary } from './live-summary.js'
import { dropOldBundles } from './plugins.js'
import { profileOnSignal } from './profile.js'
import { tryPrepare, type ConfigOptions } from './prepare.js'
import { ConfigWatch } from '../reload/config-watch.js'
import { ReloadQueue } from '../reload/reload-queue.js'

export interface RunOptions extends ConfigOptions {
  /** Shows rates, drops and what arrived, live on a terminal and once at the end. */
  readonly summary?: boolean
  /** Loads the configuration again when its files change, whatever it says itself. */
  readonly watch?: boolean
}

/** How the process's signals reach a run: `onSignal` is called for each, and told to stop listening by the returned function. */
export type Signals = (onSignal: (name: string) => void) => () => void

/** `endNow` is called on the second signal. */
export async function run (options: RunOptions, io: CommandIo, signals: Signals, endNow: () => void): Promise<ExitName> {
  // Before anything else: a supervisor may change its mind while the configuration is still being read.
  let interrupt: (name: string) => void = () => undefined
  const interrupted = new Promise<string>(resolve => { interrupt = resolve })
  let firstSignal: string | undefined
  let reload: (because: string) => void = because => { early = because }
  let early: string | undefined
  const release = signals(name => {
    if (name === 'SIGHUP') { reload(name); return }
    if (firstSignal !== undefined) { endNow(); return }
    firstSignal = name
    interrupt(name)
  })
  const tried = await tryPrepare(options, io)
  const { prepared } = tried
  if (prepared === undefined) { release(); return 'config' }
  const instance = new Instance(prepared.config, prepared.plan)
  const { logger } = instance
  let { files } = tried
  /** Begun before the start: a file may change meanwhile. */
  let watch: ConfigWatch | undefined
  const watchFiles = (): void => {
    const { watch: wanted, intervalMs } = instance.config.service.reload
    const isWanted = wanted || options.watch === true
    if (isWanted && watch?.options.intervalMs === intervalMs) return
    watch?.end()
    watch = isWanted ? new ConfigWatch({ clock: systemClock, intervalMs, files: () => files, onChange: changed => reload(`changed: ${changed.join(', ')}`) }) : undefined
  }
  watchFiles()
  // Components wait with timers that keep nothing alive; between two attempts of an exporter there may be nothing else that does.
  const alive = setInterval(() => undefined, 2 ** 30)
  // Before anybody is told that it runs: a SIGUSR2 without a listener ends the process.
  let stopProfiling = prepared.config.service.profiling ? profileOnSignal(logger) : undefined
  try {
    const { metrics, api } = await instance.start()
    logger.info('tapio is running', {
      mode: prepared.plan.service.mode, threads: prepared.plan.threads,
      ...(metrics === undefined ? {} : { metrics: `http://${metrics.host}:${metrics.port}/metrics` }),
      ...(api === undefined ? {} : { grpc: api.grpc, http: api.http })
    })
  } catch (error) {
    logger.error('tapio did not start', { error })
    watch?.end()
    clearInterval(alive)
    stopProfiling?.()
    release()
    return 'failure'
  }
  const queue = new ReloadQueue(async because => {
    logger.info('the configuration is read again', { because })
    const again = await tryPrepare(options, io)
    // What a plugin that cannot be built is made of is not known: it may be mended in the files that were.
    files = again.prepared === undefined ? [...new Set([...files, ...again.files])] : again.files
    if (again.prepared === undefined) instance.rejectReload(again.reason)
    else await instance.reload(again.prepared.config, again.prepared.plan)
    await dropOldBundles(instance.plan.catalog)
    if (again.prepared === undefined) return
    const { profiling } = instance.config.service
    if (!profiling) stopProfiling?.()
    stopProfiling = profiling ? stopProfiling ?? profileOnSignal(logger) : undefined
    watchFiles()
  })
  reload = because => { queue.request(because) }
  if (early !== undefined) reload(early)
  const summary = options.summary === true ? new LiveSummary(instance, io) : undefined
  summary?.start()
  const end = await Promise.race([interrupted.then(name => ({ kind: 'signal' as const, reason: name })), instance.endRequested])
  watch?.end()
  void queue.end()
  logger.info('tapio is draining', { because: end.reason, timeoutMs: instance.plan.service.shutdownTimeoutMs })
  const report = await instance.stop()
  clearInterval(alive)
  summary?.finish()
  stopProfiling?.()
  release()
  for (const message of report.errors) logger.warn('not everything stopped cleanly', { message })
  if (report.undelivered > 0) logger.error('the drain deadline passed with events inside', { undelivered: report.undelivered })
  logger.info('tapio has ended', { because: end.reason, undelivered: report.undelivered })
  if (end.kind === 'failed') return 'failure'
  return report.undelivered > 0 ? 'undelivered' : 'ok'
}
