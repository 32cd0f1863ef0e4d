/** Options that a component of this build does not have are taken out and said: a file that starts must do what it says. */
import type { TSchema } from '@sinclair/typebox'
import { isMap, isScalar, isSeq, type YAMLMap } from 'yaml'
import { isSchema, ruleFor } from '../config/describe.js'
import { entriesOf, keyOf, plain, remove } from './document.js'
import type { Part } from './rules/rule.js'

export function trim (part: Part, schema: TSchema): void {
  trimMap(part, part.options, schema, [])
}

function trimMap (part: Part, map: YAMLMap, schema: TSchema, path: readonly (string | number)[]): void {
  for (const entry of [...entriesOf(map)]) {
    const key = keyOf(entry)
    const rule = ruleFor(schema, key)
    const below = [...path, key]
    if (rule === undefined) {
      part.note('missing', below, `there is no such option${shown(entry.value)}`)
      remove(map, key)
    } else if (rule['type'] !== 'object' && isScalar(entry.value) && entry.value.value === null) {
      // Nothing behind an option is its default in the Collector, and a fault here.
      remove(map, key)
    } else if (rule['type'] === 'object' && isMap(entry.value)) {
      trimMap(part, entry.value as YAMLMap, rule, below)
    } else if (rule['type'] === 'array' && isSeq(entry.value) && isSchema(rule['items']) && rule['items']['type'] === 'object') {
      for (const [i, item] of entry.value.items.entries()) if (isMap(item)) trimMap(part, item as YAMLMap, rule['items'], [...below, i])
    }
  }
}

const secret = /token|password|secret|key|auth|credential/i

function shown (value: unknown): string {
  const data = plain(value)
  const text = typeof data === 'object' ? '' : String(data)
  return text === '' || text === 'undefined' || text.length > 60 || secret.test(text) ? '' : ` (\`${text}\`)`
}
