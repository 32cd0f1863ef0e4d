/** What the transcoder makes of a request's fields: `filter.minSeverity=error&page.size=100` (core/api/http). */
export type QueryValue = string | number | boolean | undefined | readonly string[] | { readonly [field: string]: QueryValue }

export type Query = Readonly<Record<string, QueryValue>>

function append (to: URLSearchParams, path: string, value: QueryValue): void {
  if (value === undefined || value === '') return
  if (typeof value !== 'object') { to.append(path, String(value)); return }
  if (Array.isArray(value)) { for (const item of value as readonly string[]) append(to, path, item); return }
  for (const [field, inner] of Object.entries(value as Query)) append(to, `${path}.${field}`, inner)
}

/** With the question mark; '' when nothing is asked. What is undefined or empty is left out. */
export function queryText (query: Query): string {
  const params = new URLSearchParams()
  for (const [field, value] of Object.entries(query)) append(params, field, value)
  const text = params.toString()
  return text === '' ? '' : `?${text}`
}
