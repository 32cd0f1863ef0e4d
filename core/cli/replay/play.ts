/** `tapio replay FILE --config CONFIG --speed 10`: a recording in the place of a configuration's receivers, as it happened. */
import { resolve } from 'node:path'
import { stringify } from 'yaml'
import { componentId } from '../../component/id.js'
import type { ResolvedConfig } from '../../config/shape.js'
import { listed, nearest } from '../../config/suggest.js'
import { PlaceError } from '../../replay/places.js'
import { outerPipelines, withReceiver } from '../../replay/rewire.js'
import type { ExitName } from '../exit-codes.js'
import type { RunOptions } from '../run.js'
import type { ReplayFlags } from './commands.js'

const receiver = componentId('receiver', 'file/replay')

export function play (paths: readonly string[], flags: ReplayFlags, run: (options: RunOptions) => Promise<ExitName>): Promise<ExitName> {
  const file = {
    paths: paths.map(p => resolve(p)), on_end: 'stop', rewrite_times: flags.now === true ? 'now' : 'keep',
    ...(flags.speed === undefined ? { timing: 'asap' } : { timing: 'scaled', speed: flags.speed }),
    ...(flags.maxGap !== undefined && { max_gap: `${flags.maxGap}ms` })
  }
  // Beside a Tapio that runs: metrics on a free port unless the configuration says which.
  const own = { receivers: { [receiver.text]: file }, service: { telemetry: { metrics: { endpoint: '127.0.0.1:0' } } } }
  return run({
    config: [`yaml:${stringify(own).replaceAll('$', '$$$$')}`, ...flags.config], set: flags.set, isPart: true,
    rewire: config => withReceiver(config, pipelinesFor(config, flags.pipeline), receiver)
  })
}

/** Throws PlaceError. */
function pipelinesFor (config: ResolvedConfig, wanted: string | undefined): string[] {
  const outer = outerPipelines(config)
  if (wanted === undefined) return outer
  const near = nearest(wanted, outer)
  if (!outer.includes(wanted)) throw new PlaceError(`the configuration has no pipeline "${wanted}" with receivers${near === undefined ? '' : `; did you mean "${near}"?`} It has: ${listed(outer)}`)
  return [wanted]
}
