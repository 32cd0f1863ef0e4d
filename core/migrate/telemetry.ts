/** `service.telemetry`: the Collector's own log and metrics. */
import { isMap, isScalar, type YAMLMap } from 'yaml'
import { ruleFor } from '../config/describe.js'
import { serviceSchema } from '../config/shape.js'
import { asBlock, commentBefore, entriesOf, entryOf, keyOf, mapIn, put, remove, valueAt, type Entry } from './document.js'
import type { Parts } from './parts.js'
import { isRecord, listOf, take, writeHost } from './rules/values.js'

const levels: Readonly<Record<string, string>> = { debug: 'debug', info: 'info', warn: 'warn', warning: 'warn', error: 'error', dpanic: 'error', panic: 'error', fatal: 'error' }

export function translateTelemetry (parts: Parts, service: Entry): void {
  const entry = entryOf(service.value, 'telemetry')
  const telemetry = entry === undefined ? undefined : mapIn(entry)
  if (entry === undefined || telemetry === undefined) return
  asBlock(service.value)
  const lineOf = (path: readonly string[]): number => {
    let node: unknown = telemetry
    let line = parts.document.lineOf(entry.key)
    for (const key of path) {
      const found = entryOf(node, key)
      if (found === undefined) break
      if (found.key.range) line = parts.document.lineOf(found.key)
      node = found.value
    }
    return line
  }
  const note = (kind: 'translated' | 'changed' | 'missing', path: readonly string[], message: string, help?: string): void => {
    parts.note(kind, lineOf(path), ['service', 'telemetry', ...path], message, help)
    if (kind !== 'translated') commentBefore(entry.key, [`migrate: ${['telemetry', ...path].join('.')}: ${message}${help === undefined ? '' : `; ${help}`}`])
  }
  translateLogs(telemetry, note)
  translateMetrics(telemetry, note)
  const schema = ruleFor(serviceSchema, 'telemetry') ?? {}
  for (const section of [...entriesOf(telemetry)]) {
    const known = ruleFor(schema as never, keyOf(section))
    if (known === undefined) {
      note('missing', [keyOf(section)], 'Tapio has no such telemetry of its own')
      remove(telemetry, keyOf(section))
      continue
    }
    for (const option of [...entriesOf(section.value)]) {
      if (ruleFor(known, keyOf(option)) !== undefined) continue
      note('changed', [keyOf(section), keyOf(option)], 'left out: there is no such option')
      remove(section.value as unknown as YAMLMap, keyOf(option))
    }
    if (isMap(section.value) && section.value.items.length === 0) remove(telemetry, keyOf(section))
  }
  if (telemetry.items.length === 0) {
    const comments = entry.key.commentBefore
    remove(service.value as unknown as YAMLMap, 'telemetry')
    if (comments) commentBefore(service.key, String(comments).split('\n').map(line => line.replace(/^ /, '')))
  }
}

type Say = (kind: 'translated' | 'changed' | 'missing', path: readonly string[], message: string, help?: string) => void

function translateLogs (telemetry: YAMLMap, note: Say): void {
  const logs = entryOf(telemetry, 'logs')?.value
  if (!isMap(logs)) return
  const level = entryOf(logs, 'level')?.value
  if (isScalar(level) && typeof level.value === 'string' && !level.value.includes('$')) {
    const known = levels[level.value.toLowerCase()] ?? 'info'
    if (known !== level.value) note('translated', ['logs', 'level'], `\`${known}\``)
    level.value = known
  }
  const encoding = valueAt(logs, 'encoding')
  if (encoding !== undefined) {
    note('translated', ['logs', 'encoding'], `\`format: ${encoding === 'json' ? 'json' : 'pretty'}\``)
    remove(logs as YAMLMap, 'encoding')
    put(logs as YAMLMap, 'format', encoding === 'json' ? 'json' : 'pretty')
  }
  if (valueAt(logs, 'processors') !== undefined) {
    note('missing', ['logs', 'processors'], 'Tapio\'s own log goes to standard error only', 'let what runs Tapio collect it')
    remove(logs as YAMLMap, 'processors')
  }
}

function translateMetrics (telemetry: YAMLMap, note: Say): void {
  const entry = entryOf(telemetry, 'metrics')
  const metrics = entry === undefined ? undefined : mapIn(entry)
  if (metrics === undefined) return
  const level = take(metrics, 'level')
  if (level === 'none') {
    put(metrics, 'enabled', false)
    note('translated', ['metrics', 'level'], '`enabled: false`')
  } else if (level !== undefined) {
    note('changed', ['metrics', 'level'], 'left out: there is one level of detail')
  }
  const address = entryOf(metrics, 'address')
  if (address !== undefined) {
    address.key.value = 'endpoint'
    writeHost(metrics, 'endpoint')
    note('translated', ['metrics', 'address'], '`endpoint`')
  }
  for (const reader of listOf(valueAt(metrics, 'readers')).filter(isRecord)) {
    const pull = pullOf(reader)
    if (pull !== undefined) {
      put(metrics, 'endpoint', pull)
      note('translated', ['metrics', 'readers'], `\`endpoint: ${pull}\``)
    } else {
      note('missing', ['metrics', 'readers'], 'Tapio\'s own metrics are not pushed', 'scrape /metrics at `service.telemetry.metrics.endpoint`')
    }
  }
  remove(metrics, 'readers')
}

function pullOf (reader: Readonly<Record<string, unknown>>): string | undefined {
  const { pull } = reader
  const exporter = isRecord(pull) ? pull['exporter'] : undefined
  const prometheus = isRecord(exporter) ? exporter['prometheus'] : undefined
  return isRecord(prometheus) ? `${String(prometheus['host'] ?? 'localhost')}:${String(prometheus['port'] ?? 8888)}` : undefined
}

