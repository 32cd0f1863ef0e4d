/** What the API may know of a configuration: its graph, and its components' options as people write them, secrets hidden. */
import { configAsPlain } from '../../config/print.js'
import { sectionOf, type ComponentCatalog, type ResolvedConfig } from '../../config/shape.js'
import type { Question } from '../../component/questions.js'
import type { Plan } from '../../graph/plan.js'
import { version } from '../../version.js'
import type { HostFacts } from './protocol.js'

const questions = Object.keys({ 'store.directory': 0, 'store.events': 0, 'store.incidents': 0, 'topology.view': 0, 'collectors.list': 0, 'events.submit': 0 } satisfies Record<Question, number>) as readonly Question[]

export function hostFacts (config: ResolvedConfig, plan: Plan, catalog: ComponentCatalog, answering: (question: Question) => readonly string[]): HostFacts {
  const plain = configAsPlain(config, catalog) as Record<string, Record<string, Record<string, unknown>>>
  const settings = Object.fromEntries(config.components.filter(c => c.used).map(({ id: { kind, text } }) => [`${kind}/${text}`, plain[sectionOf[kind]]?.[text] ?? {}]))
  return {
    version,
    startedMs: Math.round(performance.timeOrigin),
    plan: { ...plan, components: plan.components.map(component => ({ ...component, config: undefined })) },
    settings,
    answering: Object.fromEntries(questions.map(question => [question, answering(question)]))
  }
}
