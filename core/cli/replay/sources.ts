/** Where the batches lie that are to be sent, and through which exporter of a configuration each place goes. */
import { resolve } from 'node:path'
import type { ResolvedComponent, ResolvedConfig } from '../../config/shape.js'
import { listed, nearest } from '../../config/suggest.js'
import type { DeadLetterConfig, SendingQueueConfig } from '../../delivery/queue/options.js'
import { PlaceError } from '../../replay/places.js'
import { Choice } from '../../replay/choice.js'
import type { ChoiceFlags } from './commands.js'

export interface Source {
  readonly path: string
  /** Of the configuration; undefined: nobody's. */
  readonly exporter: ResolvedComponent | undefined
}

interface Delivery { readonly sending_queue?: SendingQueueConfig, readonly dead_letter?: DeadLetterConfig }

const deliveryOf = (component: ResolvedComponent): Delivery => component.config as Delivery
const exportersOf = (config: ResolvedConfig): ResolvedComponent[] => config.components.filter(c => c.id.kind === 'exporter')

/** Directories that a configuration names. */
export function sourcesOf (config: ResolvedConfig, withQueues: boolean): Source[] {
  return exportersOf(config).flatMap(exporter => directoriesOf(exporter, withQueues).map(path => ({ path, exporter })))
}

function directoriesOf (exporter: ResolvedComponent, withQueues: boolean): string[] {
  const { sending_queue: queue, dead_letter: dead } = deliveryOf(exporter)
  return [dead?.directory, withQueues && queue?.enabled === true ? queue.directory : undefined].filter(path => path !== undefined)
}

/** Paths as people gave them, each with the exporter whose directory it is. */
export function ownedPaths (paths: readonly string[], config: ResolvedConfig): Source[] {
  const owners = exportersOf(config).flatMap(exporter => directoriesOf(exporter, true).map(path => [resolve(path), exporter] as const))
  return paths.map(path => ({ path, exporter: owners.find(([directory]) => resolve(path) === directory || resolve(path).startsWith(`${directory}/`))?.[1] }))
}

/** The one that was named, that whose directory it is, or the only one there is. Throws PlaceError. */
export function exporterFor ({ path, exporter }: Source, wanted: string | undefined, config: ResolvedConfig): ResolvedComponent {
  const all = exportersOf(config)
  const names = all.map(e => e.id.text)
  if (wanted !== undefined) {
    const named = all.find(e => e.id.text === wanted)
    const near = nearest(wanted, names)
    if (named === undefined) throw new PlaceError(`the configuration has no exporter "${wanted}"${near === undefined ? '' : `; did you mean "${near}"?`} It has: ${listed(names)}`)
    return named
  }
  if (exporter !== undefined) return exporter
  if (all.length === 1) return all[0] as ResolvedComponent
  throw new PlaceError(`${path} is the directory of no exporter of the configuration: name one with --exporter (${listed(names)}), or a pipeline with --pipeline`)
}

export function choiceOf ({ since, until, severity, where, reason, of }: ChoiceFlags): Choice {
  return new Choice({
    ...(since !== undefined && { sinceMs: since }), ...(until !== undefined && { untilMs: until }), ...(severity !== undefined && { severity }),
    ...(where !== undefined && { where }), ...(reason !== undefined && { reason }), ...(of !== undefined && { exporters: of })
  })
}
