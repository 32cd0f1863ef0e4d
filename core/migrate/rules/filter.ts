/** The filter processor: conditions in OTTL, in either form, and the older lists of names and attributes. */
import { entriesOf, keyOf, plain, put, valueAt } from '../document.js'
import type { Signal } from '../../component/factory.js'
import type { Condition } from '../../match/schema.js'
import { conditionsOf, Untranslatable } from '../ottl/conditions.js'
import { Problems, type Fate, type Part } from './rule.js'
import { isRecord, listOf, textOf } from './values.js'

const sections: Readonly<Record<string, Signal>> = {
  traces: 'traces', spans: 'traces', metrics: 'metrics', logs: 'logs', profiles: 'profiles',
  trace_conditions: 'traces', metric_conditions: 'metrics', log_conditions: 'logs', profile_conditions: 'profiles'
}

/** The lists of OTTL conditions below a section, and the context they are in. */
const contexts: Readonly<Record<string, string>> = {
  resource: 'resource', span: 'span', spanevent: 'spanevent', metric: 'metric', datapoint: 'datapoint', log_record: 'log', profile: 'profile'
}

interface Found { readonly exclude: Condition[], readonly include: Map<Signal, Condition[]>, readonly problems: Problems }

export function translateFilter (part: Part): Fate {
  const found: Found = { exclude: [], include: new Map(), problems: new Problems() }
  const known = entriesOf(part.options).filter(e => Object.hasOwn(sections, keyOf(e)))
  // Tapio's own form has nothing of them.
  if (known.length === 0 && part.options.items.length > 0) return undefined
  for (const entry of known) {
    const key = keyOf(entry)
    const signal = sections[key] as Signal
    if (key.endsWith('_conditions')) conditionList(part, plain(entry.value), [key], contextOf(signal), signal, found)
    else for (const below of entriesOf(entry.value)) {
      const name = keyOf(below)
      if (Object.hasOwn(contexts, name)) conditionList(part, plain(below.value), [key, name], contexts[name] as string, signal, found)
      else if (name === 'include' || name === 'exclude') nameLists(part, plain(below.value), [key, name], signal, name, found)
      else part.note('missing', [key, name], 'not known here')
    }
  }
  const mode = valueAt(part.options, 'error_mode')
  const { include, exclude, problems } = found
  const lost = part.signals.filter(s => !include.has(s))
  part.options.items = []
  if (include.size > 0) put(part.options, 'include', [...[...include.values()].flat(), ...lost.map(signal => ({ signal }))])
  if (exclude.length > 0) put(part.options, 'exclude', exclude)
  if (include.size === 0 && exclude.length === 0) return { why: `none of its conditions can be said here, and what it dropped goes on: ${problems.reasons}`, help: 'write them anew with the fields of processors/filter/README.md' }
  problems.note(part)
  part.note('translated', [], mode === undefined || mode === 'propagate' ? 'conditions became `include` and `exclude`' : 'conditions became `include` and `exclude`; there is no `error_mode`, a row without the field does not match')
  return undefined
}

const contextOf = (signal: Signal): string => signal === 'traces' ? 'span' : signal === 'metrics' ? 'metric' : signal === 'logs' ? 'log' : 'profile'

function conditionList (part: Part, list: unknown, path: readonly string[], context: string, signal: Signal, { exclude, problems }: Found): void {
  for (const [i, item] of listOf(list).entries()) {
    const inner = isRecord(item) ? listOf(item['conditions']).map(String) : [String(item)]
    const where = isRecord(item) ? textOf(item['context']) ?? context : context
    for (const text of inner) {
      try {
        exclude.push(...conditionsOf(text, where).map(c => ofSignal(part, c, signal)))
      } catch (error) {
        if (!(error instanceof Untranslatable)) throw error
        problems.add([...path, i], text, `${error.message}; rows it dropped go on`, 'write it anew with the fields of processors/filter/README.md')
      }
    }
  }
}

/** A component of several pipelines gets rows of several signals. */
const ofSignal = (part: Part, condition: Condition, signal: Signal): Condition =>
  part.signals.length > 1 ? { signal, ...condition } : condition

/** `{match_type, metric_names, services, span_names, resource_attributes, …}`: lists of which all must fit, each any of its items. */
function nameLists (part: Part, written: unknown, path: readonly string[], signal: Signal, side: 'include' | 'exclude', found: Found): void {
  if (!isRecord(written)) return
  try {
    const conditions = conditionsFrom(written).map(c => ofSignal(part, c, signal))
    if (side === 'exclude') found.exclude.push(...conditions)
    else found.include.set(signal, [...found.include.get(signal) ?? [], ...conditions])
  } catch (error) {
    if (!(error instanceof Untranslatable)) throw error
    found.problems.add(path, path.join('.'), `${error.message}; rows it dropped go on`, 'write it anew with the fields of processors/filter/README.md')
  }
}

const lists: Readonly<Record<string, string>> = { metric_names: 'name', span_names: 'name', services: 'resource.service.name', bodies: 'message' }
const attributeLists: Readonly<Record<string, string>> = { resource_attributes: 'resource.', attributes: 'attributes.', record_attributes: 'attributes.' }

function conditionsFrom (written: Readonly<Record<string, unknown>>): readonly Condition[] {
  const isRegex = written['match_type'] === 'regexp'
  const condition: Record<string, Condition[string]> = {}
  for (const [key, value] of Object.entries(written)) {
    const field = lists[key]
    const prefix = attributeLists[key]
    if (key === 'match_type' || key === 'regexp') continue
    if (field !== undefined) condition[field] = anyOf(listOf(value).map(String), isRegex)
    else if (prefix !== undefined) {
      for (const item of listOf(value).filter(isRecord)) {
        const text = item['value']
        condition[`${prefix}${String(item['key'])}`] = text === undefined ? { exists: true } : isRegex ? { regex: String(text) } : text as string
      }
    } else if (key === 'severity_number' && isRecord(value)) {
      const least = value['min']
      if (value['match_undefined'] === true) throw new Untranslatable('`match_undefined` cannot be said beside a severity')
      condition['severity'] = { min: typeof least === 'number' ? least : String(least).toLowerCase() }
    } else throw new Untranslatable(`\`${key}\` cannot be said here`)
  }
  if (Object.keys(condition).length === 0) throw new Untranslatable('it says nothing')
  return [condition]
}

function anyOf (values: readonly string[], isRegex: boolean): Condition[string] {
  if (!isRegex) return [...values]
  return { regex: values.length === 1 ? values[0] as string : values.map(v => `(?:${v})`).join('|') }
}

