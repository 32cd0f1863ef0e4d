/** Processors of the Collector. */
import { isMap, isSeq, type YAMLMap } from 'yaml'
import type { Signal } from '../../component/factory.js'
import { metadataNames, sourceNames } from '../../enrich/vocabulary.js'
import { entriesOf, entryOf, keyOf, plain, put, remove, valueAt } from '../document.js'
import { Untranslatable } from '../ottl/conditions.js'
import { actionOf, type Action } from '../ottl/statements.js'
import { translateFilter } from './filter.js'
import { named, Problems, without, type Fate, type Part, type Replacement, type Rules } from './rule.js'
import { isRecord, leaveOutTuning, listOf, take, textOf } from './values.js'

function translateBatch (part: Part): Fate {
  for (const key of ['metadata_keys', 'metadata_cardinality_limit']) {
    if (entryOf(part.options, key) === undefined) continue
    remove(part.options, key)
    if (key === 'metadata_keys') part.note('changed', [key], 'batches are not kept apart by client metadata: rows of several clients share a request', 'a tenant that must stay apart needs a receiver and a pipeline of its own')
  }
  return undefined
}

function translateMemoryLimiter (part: Part): Fate {
  leaveOutTuning(part, part.options, [], ['ballast_size_mib', 'min_gc_interval_when_soft_limited', 'min_gc_interval_when_hard_limited'])
  return undefined
}

/** Conditions on what it applies to have no place in `attributes`, and leaving them out would touch other rows. */
function translateActions (part: Part, list: string, scope: 'record' | 'resource'): Fate {
  const { options } = part
  const condition = ['include', 'exclude'].find(key => entryOf(options, key) !== undefined)
  if (condition !== undefined) return { why: `\`${condition}\` limits it to some rows, which \`attributes\` cannot do`, help: 'send those rows through a pipeline of their own with the `routing` connector' }
  if (entryOf(options, 'override') !== undefined) remove(options, 'override')
  const actions: unknown[] = []
  const problems = new Problems()
  const items = entryOf(options, list)?.value
  for (const [i, item] of (isSeq(items) ? items.items : []).entries()) {
    const action = plain(item)
    const problem = isRecord(action) ? actionProblem(action) : 'no action'
    if (problem !== '') {
      problems.add([list, i], String(isRecord(action) ? action['key'] ?? action['pattern'] : action), problem, 'see processors/attributes/README.md for the actions there are')
      continue
    }
    if (scope === 'resource' && isMap(item)) put(item as YAMLMap, 'scope', 'resource')
    actions.push(item)
  }
  if (actions.length === 0) return { why: `none of its actions can be done here: ${problems.reasons}`, help: 'see processors/attributes/README.md' }
  problems.note(part)
  if (isSeq(items)) items.items = actions
  const entry = entryOf(options, list)
  if (entry !== undefined) entry.key.value = 'actions'
  if (scope === 'record' && part.signals.includes('metrics')) part.note('changed', [], 'attributes of metrics are on their data points, which are not touched; those of the metric itself are changed')
  return undefined
}

const actionNames = ['insert', 'update', 'upsert', 'delete', 'hash', 'convert']

function actionProblem (action: Readonly<Record<string, unknown>>): string {
  const name = String(action['action'])
  if (!actionNames.includes(name)) return `the action \`${name}\` has no counterpart`
  if (action['from_context'] !== undefined) return '`from_context` has no counterpart'
  if (action['pattern'] !== undefined) return '`pattern` has no counterpart: keys are written out'
  if (name === 'convert' && !['string', 'int', 'double', 'bool'].includes(String(action['converted_type']))) return `it converts to \`${String(action['converted_type'])}\``
  return ''
}

const statementLists: Readonly<Record<string, { readonly signal: Signal, readonly context: string }>> = {
  trace_statements: { signal: 'traces', context: 'span' }, metric_statements: { signal: 'metrics', context: 'datapoint' }, log_statements: { signal: 'logs', context: 'log' }
}

/** One `attributes` processor for each signal, of the statements that are actions on attributes. */
function translateTransform (part: Part): Fate {
  const replacements: Replacement[] = []
  const problems = new Problems()
  for (const entry of entriesOf(part.options)) {
    const key = keyOf(entry)
    const list = statementLists[key]
    if (list === undefined) continue
    const actions: Action[] = []
    for (const [i, group] of listOf(plain(entry.value)).entries()) {
      const conditions = isRecord(group) ? listOf(group['conditions']) : []
      const context = isRecord(group) ? textOf(group['context']) ?? list.context : list.context
      const statements = isRecord(group) ? listOf(group['statements']) : [group]
      for (const [k, statement] of statements.entries()) {
        const path = isRecord(group) ? [key, i, 'statements', k] : [key, i]
        try {
          if (conditions.length > 0) throw new Untranslatable('`conditions` limit it to some rows')
          actions.push(actionOf(String(statement), context))
        } catch (error) {
          if (!(error instanceof Untranslatable)) throw error
          problems.add(path, oneLine(String(statement)), error.message, 'see processors/attributes/README.md for what can be changed, or write a plugin (core/plugins/README.md)')
        }
      }
    }
    if (actions.length > 0) replacements.push({ type: 'attributes', suffix: list.signal, options: { actions }, signal: list.signal })
  }
  if (replacements.length === 0) return { why: `none of its statements can be said here, and what it changed stays as it is: ${problems.reasons}`, help: 'see processors/attributes/README.md, or write a plugin (core/plugins/README.md)' }
  problems.note(part)
  part.note('translated', [], 'statements became actions of `attributes`')
  return replacements
}

const oneLine = (text: string): string => {
  const line = text.replaceAll(/\s+/g, ' ').trim()
  return line.length <= 120 ? line : `${line.slice(0, 119)}…`
}

function translateKubernetes (part: Part): Fate {
  const { options } = part
  if (take(options, 'passthrough') === true) return { why: '`passthrough` only notes the address for another Collector', help: 'run `k8s_attributes` here, or where the data goes' }
  const extract = entryOf(options, 'extract')?.value
  const metadata = entryOf(extract, 'metadata')?.value
  if (isSeq(metadata)) {
    metadata.items = metadata.items.filter((item, i) => {
      const name = String(plain(item))
      const isKnown = (metadataNames as readonly string[]).includes(name)
      if (!isKnown) part.note('missing', ['extract', 'metadata', i], `\`${name}\` is not found out`, 'the attribute stays away; `attributes` can set a fixed one')
      return isKnown
    })
  }
  for (const list of ['labels', 'annotations'] as const) {
    const fields = entryOf(extract, list)?.value
    if (!isSeq(fields)) continue
    fields.items = fields.items.filter((item, i) => {
      const from = valueAt(item, 'from') ?? 'pod'
      if (isMap(item)) remove(item as YAMLMap, 'from')
      const isKept = from === 'pod' && valueAt(item, 'regex') === undefined
      if (!isKept) part.note('missing', ['extract', list, i], from === 'pod' ? 'a part of a value, by `regex`, is not taken' : `${list} of a ${String(from)} are not read, only those of pods`)
      return isKept
    })
  }
  translateAssociations(part)
  if (entryOf(options, 'exclude') !== undefined) {
    remove(options, 'exclude')
    part.note('changed', ['exclude'], 'no pods are left out')
  }
  const filter = entryOf(options, 'filter')?.value
  for (const key of ['labels', 'fields']) {
    if (!isMap(filter) || entryOf(filter, key) === undefined) continue
    remove(filter as YAMLMap, key)
    part.note('changed', ['filter', key], `pods are not chosen by ${key}: all of the node or namespace are watched`)
  }
  return undefined
}

function translateAssociations (part: Part): void {
  const rules = entryOf(part.options, 'pod_association')?.value
  if (!isSeq(rules)) return
  rules.items = rules.items.filter((rule, i) => {
    const sources = listOf(valueAt(rule, 'sources')).filter(isRecord)
    const unknown = sources.find(s => s['from'] === 'resource_attribute' && !(sourceNames as readonly string[]).includes(String(s['name'])))
    if (unknown === undefined && sources.length > 0) return true
    part.note('missing', ['pod_association', i], unknown === undefined ? 'a rule needs `sources`' : `pods are not found by \`${String(unknown['name'])}\``)
    return false
  })
  if (rules.items.length === 0) remove(part.options, 'pod_association')
  const connection = listOf(plain(rules)).some(rule => isRecord(rule) && listOf(rule['sources']).some(s => isRecord(s) && s['from'] === 'connection'))
  if (connection) part.note('changed', ['pod_association'], '`from: connection` needs the receiver to keep the client\'s address', 'set `include_metadata: true` in `grpc` and `http` of the otlp receiver')
}

export const processorRules: Rules = {
  batch: { to: 'batch', text: '`batch`, the same names', translate: translateBatch },
  memory_limiter: { to: 'memory_limiter', text: '`memory_limiter`, the same names', translate: translateMemoryLimiter },
  attributes: { to: 'attributes', text: '`attributes`, when it is for all rows', translate: part => translateActions(part, 'actions', 'record') },
  resource: { to: 'attributes', text: '`attributes` with `scope: resource`', translate: part => translateActions(part, 'attributes', 'resource') },
  filter: { to: 'filter', text: '`filter`: OTTL that compares fields with fixed values, `IsMatch`, `and`, `or`; lists of names and attributes', translate: translateFilter },
  transform: { to: 'attributes', text: '`attributes`: `set` and `delete_key` on attributes of rows and resources, each signal for itself', translate: translateTransform },
  ...named(['k8sattributes', 'k8s_attributes'], { to: 'k8s_attributes', text: '`k8s_attributes`, the same names', translate: translateKubernetes }),
  ...named(['queued_retry', 'queuedretry'], { text: 'exporters retry and queue by themselves', help: 'see `retry_on_failure` and `sending_queue` of exporters', kind: 'changed' }),
  ...without(['resourcedetection', 'resource_detection'], 'nothing asks the host or a cloud who it is', 'set what you need: `attributes: {actions: [{key: host.name, value: "${env:HOSTNAME}", action: insert, scope: resource}]}`; `k8s_attributes` for pods'),
  ...without(['tail_sampling', 'tailsampling', 'probabilistic_sampler', 'probabilisticsampler'], 'nothing samples: all traces go on', 'sample in the SDK, or in a Collector behind (the `otlp` exporter keeps traces together with `endpoints` and `routing_key: traceID`)'),
  ...without(['metricstransform', 'cumulativetodelta', 'deltatocumulative', 'deltatorate', 'metricsgeneration', 'interval', 'metric_start_time'], 'values of metrics are not computed with', 'let the backend compute them (recording rules), or a Collector behind'),
  ...without(['groupbyattrs', 'groupbytrace', 'span', 'logdedup', 'log_dedup', 'sumologic', 'schema', 'remotetap', 'unroll', 'logstransform', 'geoip', 'dnslookup', 'intelligent_sampler', 'decouple', 'coldstart'], 'no processor for it', 'write a plugin (core/plugins/README.md), or keep a Collector in front'),
  ...without(['redaction'], 'nothing masks values by itself: what it hid goes out', '`attributes` with `delete` or `hash` for each key, or a plugin (core/plugins/README.md)'),
  ...without(['rate_limiting', 'ratelimit', 'rate_limiter'], 'limits of another form', 'the `rate_limiter` processor: events or bytes a second, for each value of chosen fields')
}

export const unknownProcessor = { why: 'no processor of this kind', help: 'write a plugin (core/plugins/README.md), or keep a Collector in front' }
