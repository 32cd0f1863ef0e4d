/** What is known of a plugin without running it: plain data, sent to every thread. */
import type { ComponentFactory, Concurrency, Signal, Stability } from '../component/factory.js'
import type { Kind } from '../component/component.js'
import type { Question } from '../component/questions.js'
import type { DropRemedies } from '../component/remedy.js'
import { loadedOf } from './module.js'
import type { PluginPermissions } from './definition.js'
import { declarationFault } from '../telemetry/declaration.js'
import type { MetricDeclaration } from '../telemetry/meter.js'

export interface ComponentDescription {
  readonly kind: Kind
  readonly type: string
  readonly description: string
  readonly stability: Stability
  readonly signals: readonly Signal[]
  readonly schema: unknown
  readonly concurrency: Concurrency
  readonly light: boolean
  readonly endToEnd: boolean
  readonly cannotWait: boolean
  readonly isolates?: 'learns' | 'forgets'
  readonly answers: readonly Question[]
  readonly metrics: readonly MetricDeclaration[]
  readonly drops: Readonly<Record<string, string>>
  readonly remedies: DropRemedies
  /** It has a check of its own, which only its own thread can make. */
  readonly checks: boolean
}

export interface PluginDescription {
  readonly name: string
  readonly version: string
  readonly tapio: string
  readonly description: string
  readonly permissions: PluginPermissions
  readonly patterns: readonly string[]
  readonly components: readonly ComponentDescription[]
}

const kinds: readonly Kind[] = ['receiver', 'processor', 'exporter', 'connector']

/** Throws a TypeError that names what is wrong. What is described has passed through JSON: nothing of the plugin is in it. */
export function describe (exports: Readonly<Record<string, unknown>>): PluginDescription {
  const plugin = loadedOf(exports)
  const components = (plugin.components ?? []).map(describeComponent)
  const names = components.map(c => `${c.kind}/${c.type}`)
  const twice = names.find((name, i) => names.indexOf(name) !== i)
  if (twice !== undefined) throw new TypeError(`plugin ${plugin.name} has two components ${twice}`)
  return JSON.parse(JSON.stringify({
    name: plugin.name, version: plugin.version, tapio: plugin.tapio, description: plugin.description ?? '', permissions: plugin.permissions ?? {}, patterns: plugin.patterns ?? [], components
  })) as PluginDescription
}

function describeComponent (factory: ComponentFactory, i: number): ComponentDescription {
  const { kind, type, description, stability = 'alpha', signals, schema, concurrency = 'single', light = false, endToEnd = false, cannotWait = false, isolates, answers = [], metrics = [], drops = {}, remedies = {} } = factory
  const at = `component ${i + 1} (${String(kind)} ${String(type)})`
  if (!kinds.includes(kind)) throw new TypeError(`${at}: \`kind\` must be one of ${kinds.join(', ')}`)
  if (typeof type !== 'string' || !/^[a-z][a-z0-9_]*$/.test(type)) throw new TypeError(`${at}: \`type\` must be lower_snake_case`)
  if (typeof description !== 'string') throw new TypeError(`${at}: \`description\` must be text`)
  if (!Array.isArray(signals)) throw new TypeError(`${at}: \`signals\` must be a list`)
  if (typeof schema !== 'object' || schema === null || schema['type'] !== 'object') throw new TypeError(`${at}: \`schema\` must be that of an object: Options({ … })`)
  if (typeof factory.create !== 'function') throw new TypeError(`${at}: \`create\` must be a function`)
  for (const metric of metrics) {
    const fault = declarationFault(metric)
    if (fault !== '') throw new TypeError(`${at}: ${fault}`)
  }
  return { kind, type, description, stability, signals, schema, concurrency, light, endToEnd, cannotWait, ...(isolates === undefined ? {} : { isolates }), answers, metrics, drops, remedies, checks: typeof factory.check === 'function' }
}
