/** Texts, lists and numbers: what CEL leaves out. */
import { distance } from 'fastest-levenshtein'
import { RE2JS } from 're2js'
import { nearest } from '../../config/suggest.js'
import { textAt } from '../../topology/graph/plain.js'
import { world } from '../current.js'
import { binaryText, durationText, shown } from '../shown.js'
import { define, list, number, text, type PatternFunctions } from './define.js'
import { quantity } from './quantity.js'

const maxCompared = 200

export const textFunctions: PatternFunctions = {
  lower: define('text', 'lower case', value => text(value).toLowerCase()),
  startsWith: define('text, prefix', 'as `text.startsWith(prefix)`, false for what is no text', (value, prefix) => typeof value === 'string' && value.startsWith(text(prefix))),
  contains: define('textOrList, part', 'whether a text or list holds it, false for anything else', (value, part) => typeof value === 'string' ? value.includes(text(part)) : list(value).includes(part)),
  distance: define('a, b', 'Levenshtein distance', (a, b) => distance(text(a).slice(0, maxCompared), text(b).slice(0, maxCompared))),
  similar: define('a, b', 'whether one is probably a misspelling of the other: different, and a third of the letters at most', (a, b) => text(a) !== text(b) && nearest(text(a), [text(b)]) !== undefined),
  nearest: define('word, list', 'the most similar one of the list, null when none is', (word, words) => nearest(text(word), list(words).map(text).filter(w => w !== text(word))) ?? null),
  regexFind: define('text, pattern, group', 'what the group (0: all) of the first match holds, \'\' when there is none', (value, pattern, group) => find(text(value), text(pattern), number(group))),
  join: define('list, separator', 'as people write it: texts, numbers, names of objects', (values, separator) => list(values).map(shown).join(text(separator))),
  keys: define('map', 'its keys', value => Object.keys(record(value))),
  values: define('map', 'its values', value => Object.values(record(value))),
  get: define('map, key', 'null when it is not there', (value, key) => { const of = record(value); return Object.hasOwn(of, text(key)) ? of[text(key)] ?? null : null }),
  first: define('list', 'null when it is empty', values => list(values)[0] ?? null),
  last: define('list', 'null when it is empty', values => list(values).at(-1) ?? null),
  take: define('list, n', 'the first n', (values, n) => list(values).slice(0, Math.max(0, number(n) || 0))),
  flat: define('list', 'a list of lists as one', values => list(values).flatMap(v => Array.isArray(v) ? v as unknown[] : [v])),
  unique: define('list', 'each once, in the order they come', values => [...new Set(list(values))]),
  sorted: define('list', 'numbers by size, anything else by its text', values => [...list(values)].sort(compare)),
  sum: define('list', 'of numbers', values => list(values).reduce((total: number, v) => total + (number(v) || 0), 0)),
  min: define('list', 'the smallest number, null when there is none', values => bound(values, Math.min)),
  max: define('list', 'the largest number, null when there is none', values => bound(values, Math.max)),
  count: define('list', 'how many, as `size()`; 0 for what is no list', values => list(values).length),
  labels: define('map', '`a=b,c=d`: for words and for `kubectl -l`', value => Object.entries(record(value)).map(([k, v]) => `${k}=${text(v)}`).join(',')),
  durationText: define('ms', '`1m30s`', ms => durationText(number(ms))),
  bytesText: define('n', '`512Mi`', n => binaryText(number(n))),
  quantity: define('text', 'a Kubernetes quantity (`250m`, `1Gi`) as a number, NaN when it is none', value => quantity(value)),
  timeMs: define('text', 'an RFC 3339 time as milliseconds since the epoch, NaN when it is none', value => Date.parse(text(value))),
  orElse: define('value, other', 'the other when the value is null', (value, other) => value ?? other),
  name: define('object', '`namespace/name`, or the name', o => nameOf(o)),
  text: define('value', 'as people write it', shown),
  nowMs: define('', 'the time of the question, milliseconds since the epoch', () => world().nowMs)
}

function record (value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value as Readonly<Record<string, unknown>> : {}
}

function bound (values: unknown, choose: (a: number, b: number) => number): number | null {
  const numbers = list(values).map(number).filter(n => !Number.isNaN(n))
  return numbers.length === 0 ? null : numbers.reduce((a, b) => choose(a, b))
}

function compare (a: unknown, b: unknown): number {
  const [x, y] = [number(a), number(b)]
  if (!Number.isNaN(x) && !Number.isNaN(y)) return x - y
  return shown(a) < shown(b) ? -1 : shown(a) > shown(b) ? 1 : 0
}

function nameOf (o: unknown): string {
  const at = textAt(o, 'metadata', 'name') === '' ? '' : 'metadata'
  const [namespace, name] = at === '' ? [textAt(o, 'namespace'), textAt(o, 'name')] : [textAt(o, at, 'namespace'), textAt(o, at, 'name')]
  return namespace === '' ? name : `${namespace}/${name}`
}

function find (value: string, pattern: string, group: number): string { return regexGroup(pattern, value.slice(0, 8192), Number.isInteger(group) ? group : 0) }

const compiled = new Map<string, RE2JS>()

/** RE2: linear in the text. Throws for what is no pattern. */
function regexGroup (source: string, value: string, group: number): string {
  let regex = compiled.get(source)
  if (regex === undefined) {
    if (compiled.size >= 500) compiled.clear()
    compiled.set(source, regex = RE2JS.compile(source))
  }
  const matcher = regex.matcher(value)
  return matcher.find() && group <= matcher.groupCount() ? matcher.group(group) ?? '' : ''
}
