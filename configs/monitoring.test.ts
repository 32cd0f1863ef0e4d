/**
 * Scenario: the dashboard for Grafana and the alert rules for Prometheus, read as those would.
 * Guarantees: every metric they name is one that Tapio declares, with the labels they use; every alert is tested to come and not to
 * come (promtool), panels do not overlap, and the scrape configuration is one.
 */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { parse } from 'yaml'
import { components } from '../core/cli/registry.js'
import { runtimeMetrics } from '../core/graph/runtime-metrics.js'
import { exposedName } from '../core/telemetry/declaration.js'
import { declaredMetrics } from '../core/telemetry/declared-metrics.js'
import type { MetricDeclaration } from '../core/telemetry/meter.js'

const folder = dirname(fileURLToPath(import.meta.url))
const test = suite('dashboard and alerts')

/** What Prometheus adds to each series, and what the graph adds to those of components. */
const everywhere = ['instance', 'job']
const ofComponents = ['component_kind', 'component_id', 'pipeline']

/** Labels by exposed name; histograms by the names of their series. */
const labels = new Map<string, ReadonlySet<string>>([['up', new Set(everywhere)]])
function declare (declaration: MetricDeclaration, more: readonly string[]): void {
  const name = exposedName(declaration)
  const own = [...declaration.attributes ?? [], ...everywhere, ...more]
  const names = declaration.kind === 'histogram' ? ['_bucket', '_sum', '_count'].map(end => name + end) : [name]
  for (const n of names) labels.set(n, new Set([...labels.get(n) ?? [], ...own, ...n.endsWith('_bucket') ? ['le'] : []]))
}
for (const metric of [...declaredMetrics(), ...runtimeMetrics]) declare(metric, metric.name === 'component_dropped' ? ['component', 'pipeline'] : [])
for (const factory of components) for (const metric of factory.metrics) declare(metric, ofComponents)

interface Panel { readonly id: number, readonly type: string, readonly title: string, readonly gridPos: { readonly x: number, readonly y: number, readonly w: number, readonly h: number }, readonly targets?: readonly { readonly expr: string, readonly legendFormat: string }[] }
interface Dashboard { readonly uid: string, readonly panels: readonly Panel[], readonly templating: { readonly list: readonly { readonly name: string, readonly definition?: string }[] } }
interface Rules { readonly groups: readonly { readonly rules: readonly { readonly alert: string, readonly expr: string, readonly annotations: Readonly<Record<string, string>> }[] }[] }
interface RuleTests { readonly tests: readonly { readonly alert_rule_test: readonly { readonly alertname: string, readonly exp_alerts?: readonly object[] }[] }[] }

const read = (...path: string[]): string => readFileSync(join(folder, ...path), 'utf8')
const dashboard = JSON.parse(read('grafana', 'tapio.json')) as Dashboard
const alerts = (parse(read('prometheus', 'rules.yaml')) as Rules).groups.flatMap(g => g.rules)
const { tests } = parse(read('prometheus', 'rules.test.yaml')) as RuleTests

/** What is wrong with a query, or with a text beside it that names labels as `{{label}}`. */
function faults (query: string, text = ''): string[] {
  const found: string[] = []
  const used = [...query.matchAll(/\b(tapio_\w+|up)\b(?:\{([^}]*)\})?/g)]
  if (used.length === 0) found.push(`${query} names no metric`)
  const known = new Set<string>()
  for (const [, name = '', matchers = ''] of used) {
    const has = labels.get(name)
    if (has === undefined) { found.push(`${name} is no metric of Tapio`); continue }
    for (const label of has) known.add(label)
    for (const [, label = ''] of matchers.matchAll(/(\w+)\s*(?:=~|!~|!=|=)\s*"/g)) if (!has.has(label)) found.push(`${name} has no label ${label}`)
  }
  for (const [, list = ''] of query.matchAll(/\bby \(([^)]*)\)/g)) {
    for (const label of list.split(',').map(l => l.trim())) if (!known.has(label)) found.push(`${label} in "${query}" is no label of its metrics`)
  }
  for (const [, label = ''] of text.matchAll(/\{\{\s*(?:\$labels\.)?(\w+)\s*\}\}/g)) if (!known.has(label)) found.push(`{{${label}}} beside "${query}" is no label of its metrics`)
  return found
}

test('what finds wrong names finds them', () => {
  assert.equal(faults('rate(tapio_edge_lost_events_total[5m])'), ['tapio_edge_lost_events_total is no metric of Tapio'])
  assert.equal(faults('sum by (to, form) (tapio_edge_in_flight_batches{exporter="x"})', '{{reason}}'), [
    'tapio_edge_in_flight_batches has no label exporter', 'form in "sum by (to, form) (tapio_edge_in_flight_batches{exporter="x"})" is no label of its metrics',
    '{{reason}} beside "sum by (to, form) (tapio_edge_in_flight_batches{exporter="x"})" is no label of its metrics'
  ])
})

test('the dashboard asks for metrics and labels that are there', () => {
  const targets = dashboard.panels.flatMap(p => p.targets ?? [])
  assert.ok(targets.length > 40)
  assert.equal(targets.flatMap(t => faults(t.expr, t.legendFormat)), [])
  const variables = dashboard.templating.list.flatMap(v => v.definition === undefined ? [] : [/^label_values\((\w+), (\w+)\)$/.exec(v.definition)])
  assert.equal(variables.map(found => labels.get(found?.[1] ?? '')?.has(found?.[2] ?? '')), variables.map(() => true))
})

test('the dashboard has something to say about each part, and its panels lie side by side', () => {
  const rows = dashboard.panels.filter(p => p.type === 'row').map(p => p.title)
  assert.equal(rows, ['Overview', 'Incidents', 'Edges', 'Latency', 'Rings and threads', 'Health', 'Store', 'Receivers', 'Exporters', 'Process'])
  assert.is(new Set(dashboard.panels.map(p => p.id)).size, dashboard.panels.length)
  const places = dashboard.panels.map(p => ({ title: p.title, ...p.gridPos }))
  for (const [i, a] of places.entries()) {
    assert.ok(a.x + a.w <= 24, a.title)
    for (const b of places.slice(i + 1)) assert.ok(a.x + a.w <= b.x || b.x + b.w <= a.x || a.y + a.h <= b.y || b.y + b.h <= a.y, `${a.title} lies over ${b.title}`)
  }
})

test('the alerts ask for metrics and labels that are there', () => {
  assert.equal(alerts.flatMap(a => faults(a.expr, Object.values(a.annotations).join(' '))), [])
})

test('drops that alerts leave out have reasons that some component gives', () => {
  const reasons = new Set(components.flatMap(c => Object.keys(c.drops)))
  const left = alerts.flatMap(a => [...a.expr.matchAll(/reason!~"([^"]*)"/g)]).flatMap(m => (m[1] ?? '').split('|'))
  assert.ok(left.length > 0)
  assert.equal(left.filter(r => !reasons.has(r)), [])
})

test('each alert is tested to come and not to come', () => {
  const cases = tests.flatMap(t => t.alert_rule_test)
  const names = alerts.map(a => a.alert)
  const tested = (comes: boolean): string[] => names.filter(n => cases.some(c => c.alertname === n && (c.exp_alerts !== undefined) === comes))
  assert.equal([tested(true), tested(false)], [names, names])
})

const promtool = spawnSync('promtool', ['--version']).error === undefined
if (!promtool) console.log('SKIP promtool check and test rules: promtool is not on PATH (Debian package prometheus)')
for (const args of [['check', 'rules', 'rules.yaml'], ['check', 'config', 'scrape.yaml'], ['test', 'rules', 'rules.test.yaml']]) {
  (promtool ? test : test.skip)(`promtool ${args.join(' ')}`, () => {
    const { status, stdout, stderr } = spawnSync('promtool', args, { cwd: join(folder, 'prometheus'), encoding: 'utf8' })
    assert.is(status, 0, stdout + stderr)
  })
}

test.run()
