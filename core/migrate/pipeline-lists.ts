/** Reading `service.pipelines` of a Collector configuration. */
import type { YAMLMap } from 'yaml'
import type { Signal } from '../component/factory.js'
import { signals } from '../config/shape.js'
import { entriesOf, entryOf, plain, type Entry } from './document.js'
import { listOf } from './rules/values.js'

export const sides = ['receivers', 'processors', 'exporters'] as const
export type Side = (typeof sides)[number]

/** Of its name; undefined for one that carries none (which the Collector refuses). */
export function signalOf (pipeline: string): Signal | undefined {
  const [first] = pipeline.split('/')
  return signals.find(s => s === first)
}

export function pipelinesOf (root: YAMLMap): readonly Entry[] {
  return entriesOf(entryOf(entryOf(root, 'service')?.value, 'pipelines')?.value)
}

export function namesIn (pipeline: Entry, side: Side): readonly string[] {
  return listOf(plain(entryOf(pipeline.value, side)?.value)).map(String)
}
