/** What is known of the reasons that rows end with: those of the components of a catalog, and the runtime's own. */
import type { TSchema } from '@sinclair/typebox'
import type { Kind } from '../../component/component.js'
import type { ComponentFactory } from '../../component/factory.js'
import type { DropRemedy } from '../../component/remedy.js'
import { asWritten } from '../../config/print.js'
import { runtimeDrops, runtimeRemedies, type RuntimeReason } from '../../graph/runtime-drops.js'

export interface ReasonInfo {
  readonly meaning: string
  /** Undefined: whoever made the component says none. */
  readonly remedy: DropRemedy | undefined
}

/** One line of what a reason means, and whose it is: `exporter/otlp`, `runtime`. */
export interface OwnedReason extends ReasonInfo {
  readonly reason: string
  readonly owners: readonly string[]
}

export class DropCatalog {
  constructor (readonly factories: readonly ComponentFactory[]) {}

  /** `kind` and `type`: of the component where it is counted; left out for edges, rings and threads. */
  find (reason: string, kind?: string, type?: string): ReasonInfo | undefined {
    const factory = kind === undefined || type === undefined ? undefined : this.#factory(kind, type)
    const own = factory?.drops[reason]
    if (own !== undefined) return { meaning: own, remedy: factory?.remedies?.[reason] }
    return isRuntimeReason(reason) ? { meaning: runtimeDrops[reason], remedy: runtimeRemedies[reason] } : undefined
  }

  /** All that `reason` means somewhere, those with the same words together. */
  everywhere (reason: string): OwnedReason[] { return this.all().filter(r => r.reason === reason) }

  all (): OwnedReason[] {
    const found = new Map<string, { reason: string, meaning: string, remedy: DropRemedy | undefined, owners: string[] }>()
    const add = (owner: string, reason: string, meaning: string, remedy: DropRemedy | undefined): void => {
      const key = `${reason}\n${meaning}\n${remedy?.action ?? ''}`
      const known = found.get(key) ?? { reason, meaning, remedy, owners: [] }
      known.owners.push(owner)
      found.set(key, known)
    }
    for (const { kind, type, drops, remedies } of this.factories) for (const [reason, meaning] of Object.entries(drops)) add(`${kind}/${type}`, reason, meaning, remedies?.[reason])
    for (const reason of Object.keys(runtimeDrops) as RuntimeReason[]) add('runtime', reason, runtimeDrops[reason], runtimeRemedies[reason])
    return [...found.values()]
  }

  /** How the default of an option is written: `256MiB`; undefined: it has none, or there is no such option. */
  defaultOf (kind: string, type: string, path: string): string | undefined {
    const rule = ruleAt(this.#factory(kind, type)?.schema, path)
    return rule?.default === undefined || rule['type'] === 'object' ? undefined : inWords(asWritten(rule, rule.default, false))
  }

  #factory (kind: string, type: string): ComponentFactory | undefined { return this.factories.find(f => f.kind === kind as Kind && f.type === type) }
}

/** The rule of an option by its key path; undefined: there is none. */
export function ruleAt (schema: TSchema | undefined, path: string): TSchema | undefined {
  return path.split('.').reduce<TSchema | undefined>((rule, key) => (rule?.['properties'] as Record<string, TSchema> | undefined)?.[key], schema)
}

/** A value of an option on one line. */
export function inWords (value: unknown): string { return typeof value === 'string' ? value : JSON.stringify(value) }

const isRuntimeReason = (reason: string): reason is RuntimeReason => Object.hasOwn(runtimeDrops, reason)
