/** `tapio --config FILE`: runs until a signal or a component asks for the end, then drains. */
import { Instance } from '../instance.js'
import type { ExitName } from './exit-codes.js'
import type { CommandIo } from './io.js'
import { LiveSummary } from './live-summary.js'
import { profileOnSignal } from './profile.js'
import { prepare, type ConfigOptions } from './prepare.js'

export interface RunOptions extends ConfigOptions {
  /** Shows rates, drops and what arrived, live on a terminal and once at the end. */
  readonly summary?: boolean
}

/** How the process's signals reach a run: `onSignal` is called for each, and told to stop listening by the returned function. */
export type Signals = (onSignal: (name: string) => void) => () => void

/** `endNow` is called on the second signal. */
export async function run (options: RunOptions, io: CommandIo, signals: Signals, endNow: () => void): Promise<ExitName> {
  // Before anything else: a supervisor may change its mind while the configuration is still being read.
  let interrupt: (name: string) => void = () => undefined
  const interrupted = new Promise<string>(resolve => { interrupt = resolve })
  let firstSignal: string | undefined
  const release = signals(name => {
    if (firstSignal !== undefined) { endNow(); return }
    firstSignal = name
    interrupt(name)
  })
  const prepared = await prepare(options, io)
  if (prepared === undefined) { release(); return 'config' }
  const instance = new Instance(prepared.config, prepared.plan, prepared.modules)
  const { logger } = instance
  // Components wait with timers that keep nothing alive; between two attempts of an exporter there may be nothing else that does.
  const alive = setInterval(() => undefined, 2 ** 30)
  // Before anybody is told that it runs: a SIGUSR2 without a listener ends the process.
  const stopProfiling = prepared.config.service.profiling ? profileOnSignal(logger) : undefined
  try {
    const { metrics, api } = await instance.start()
    logger.info('tapio is running', {
      mode: prepared.plan.service.mode, threads: prepared.plan.threads,
      ...(metrics === undefined ? {} : { metrics: `http://${metrics.host}:${metrics.port}/metrics` }),
      ...(api === undefined ? {} : { grpc: api.grpc, http: api.http })
    })
  } catch (error) {
    logger.error('tapio did not start', { error })
    clearInterval(alive)
    stopProfiling?.()
    release()
    return 'failure'
  }
  const summary = options.summary === true ? new LiveSummary(instance, io) : undefined
  summary?.start()
  const end = await Promise.race([interrupted.then(name => ({ kind: 'signal' as const, reason: name })), instance.endRequested])
  logger.info('tapio is draining', { because: end.reason, timeoutMs: prepared.plan.service.shutdownTimeoutMs })
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
