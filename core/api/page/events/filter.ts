/** Which events a reader wants to see: the URL says it, the API is asked so. */
import type { Query } from '../data/query.js'
import { entityOf } from '../format/entity.js'

export const filterParams = ['q', 'severity', 'source', 'ns', 'kind', 'namespace', 'name', 'sign', 'symptom', 'trace', 'since', 'until'] as const

/** EventFilter's fields. */
export function eventFilter (params: URLSearchParams): Query {
  const of = (name: (typeof filterParams)[number]): string => params.get(name) ?? ''
  const list = (name: (typeof filterParams)[number]): readonly string[] => of(name).split(',').filter(word => word !== '')
  return {
    text: of('q'), minSeverity: of('severity'), sources: list('source'), namespaces: list('ns'), symptoms: list('sign'), symptomId: of('symptom'), traceId: of('trace'),
    since: of('since'), until: of('until'), entity: of('name') === '' ? undefined : { kind: of('kind'), namespace: of('namespace'), name: of('name') }
  }
}

/** What is typed as an entity, as the URL's words. */
export function entityParams (text: string): Readonly<Record<'kind' | 'namespace' | 'name', string | undefined>> {
  const { kind, namespace, name } = entityOf(text) ?? {}
  return { kind, namespace, name }
}
