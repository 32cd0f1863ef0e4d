/** The whole translation table, and its rows for the README. */
import type { Kind } from '../../component/component.js'
import { connectorRules, extensionRules, unknownConnector, unknownExtension } from './extensions.js'
import { exporterRules, unknownExporter } from './exporters.js'
import { processorRules, unknownProcessor } from './processors.js'
import { receiverRules, unknownReceiver } from './receivers.js'
import type { Dropped, Rule, Rules } from './rule.js'

export const rules: Readonly<Record<Kind, Rules>> = {
  receiver: receiverRules, processor: processorRules, exporter: exporterRules, connector: connectorRules, extension: extensionRules
}

/** For types that no rule names: most of the Collector's some hundred. */
export const unknown: Readonly<Record<Kind, Dropped & { readonly help: string }>> = {
  receiver: unknownReceiver, processor: unknownProcessor, exporter: unknownExporter, connector: unknownConnector, extension: unknownExtension
}

export const ruleOf = (kind: Kind, type: string): Rule | undefined => Object.hasOwn(rules[kind], type) ? rules[kind][type] : undefined

/** Component, what becomes of it, what to do instead: those with one rule in one row. */
export function tableRows (): string[][] {
  const rows: string[][] = []
  for (const kind of ['receiver', 'processor', 'exporter', 'connector', 'extension'] as const) {
    const groups = new Map<Rule, string[]>()
    for (const [type, rule] of Object.entries(rules[kind])) groups.set(rule, [...groups.get(rule) ?? [], type])
    const byTarget = [...groups].sort(([a], [b]) => Number(a.to === undefined) - Number(b.to === undefined))
    for (const [rule, types] of byTarget) rows.push([kind, types.map(t => `\`${t}\``).join(', '), rule.to === undefined && rule.kind === undefined ? `none: ${rule.text}` : rule.text, rule.help ?? ''])
    rows.push([kind, 'any other', 'none', unknown[kind].help])
  }
  return rows
}
