/** Every metric the runtime itself emits, for the documentation; those of components stand in their factories. */
import { exposedName } from './declaration.js'
import { componentDropped } from './drops.js'
import { edgeMetrics } from './edges.js'
import { componentFailing } from './health-metrics.js'
import type { MetricDeclaration } from './meter.js'
import { ownMetrics } from './own-metrics.js'
import { processMetrics } from './process-metrics.js'
import { threadMetrics } from './thread-metrics.js'

/** In the order they are documented. */
export function declaredMetrics (): readonly MetricDeclaration[] {
  const groups = [edgeMetrics, { componentDropped, componentFailing }, processMetrics, threadMetrics]
  return [...groups.flatMap(group => Object.values(group) as MetricDeclaration[]), ...ownMetrics]
}

/** `declarations` as a Markdown table: exposed name, kind, attributes, meaning. */
export function metricsTable (declarations: readonly MetricDeclaration[]): string {
  const cell = (text: string): string => text.replace(/\|/g, '\\|').replace(/\s+/g, ' ')
  const rows = declarations.map(d => `| \`${exposedName(d)}\` | ${d.kind} | ${(d.attributes ?? []).map(a => `\`${a}\``).join(', ')} | ${cell(d.description)} |`)
  return ['| metric | kind | attributes | meaning |', '|---|---|---|---|', ...rows].join('\n') + '\n'
}
