/** Labels and annotations of a pod under the names they are wanted by. */
import { RE2JS } from 're2js'
import type { SelectTags } from '../../core/topology/pod-record.js'
import type { Field, K8sAttributesConfig } from './config.js'

/** The attribute for a label of this key, or undefined when it is not wanted. */
type FieldRule = (key: string) => string | undefined

/** Throws when `key_regex` is no regular expression. */
export function fieldRule (field: Field, prefix: string): FieldRule {
  const { key, key_regex: pattern, tag_name: tag } = field
  if (pattern === undefined) return found => found === key ? tag ?? `${prefix}${found}` : undefined
  const regex = RE2JS.compile(pattern)
  return found => {
    const match = regex.matcher(found)
    if (!match.matches()) return undefined
    // The Collector's files write `$$1`, as one `$` begins a variable there.
    return tag === undefined ? `${prefix}${found}` : tag.replace(/\$?\$(\d)/g, (_, n: string) => Number(n) <= match.groupCount() ? match.group(Number(n)) ?? '' : '')
  }
}

export function tagSelector ({ labels, annotations }: K8sAttributesConfig['extract']): SelectTags {
  const forLabels = labels.map(f => fieldRule(f, 'k8s.pod.labels.'))
  const forAnnotations = annotations.map(f => fieldRule(f, 'k8s.pod.annotations.'))
  return meta => {
    const tags: Record<string, string> = {}
    collect(tags, meta.labels, forLabels)
    collect(tags, meta.annotations, forAnnotations)
    return tags
  }
}

function collect (tags: Record<string, string>, fields: Readonly<Record<string, string>> = {}, rules: readonly FieldRule[]): void {
  if (rules.length === 0) return
  for (const [key, value] of Object.entries(fields)) {
    for (const rule of rules) {
      const tag = rule(key)
      if (tag !== undefined) tags[tag] = value
    }
  }
}
