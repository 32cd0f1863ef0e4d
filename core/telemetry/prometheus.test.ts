import { spawnSync } from 'node:child_process'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { declaredMetrics } from './declared-metrics.js'
import type { MetricDeclaration } from './meter.js'
import { MetricStore } from './metric-store.js'
import { renderPrometheus } from './prometheus.js'
import { ThreadMeters } from './registry.js'
import { createSlab } from './slab.js'

function open () {
  const store = new MetricStore()
  const slab = createSlab(1 << 16)
  store.addThread('t', slab)
  const meter = new ThreadMeters(slab, s => store.addSeries('t', s)).meterFor({})
  return { meter, render: () => renderPrometheus(store.snapshot()) }
}

const nasty = ['', 'plain', 'quo"te', 'back\\slash', 'new\nline', '\\n', '"', '\\', 'tab\t', '{a="b"} 1', 'é漢😀', 'a\r\nb', 'nul\0', '\ud800', '# HELP x y', '\u2028']
const histogram: MetricDeclaration = { name: 'wait', kind: 'histogram', unit: 'seconds', description: 'Back\\slash and\nnewline.', bounds: [0.00005, 0.5, 1, 1e21] }
const counter: MetricDeclaration = { name: 'rows', kind: 'counter', unit: 'events', description: 'd' }
const gauge: MetricDeclaration = { name: 'depth', kind: 'gauge', unit: '', description: 'd' }

/** Everything the renderer can meet, and every declared metric with one series. */
function fullExposition (): string {
  const { meter, render } = open()
  nasty.forEach((value, i) => {
    meter.counter(counter, { value, i: String(i) }).add(i)
    meter.histogram(histogram, { value, i: String(i) }).record(i / 3)
  })
  for (const [i, value] of [NaN, Infinity, -Infinity, -0, 1e-7, 1e300, 0.1].entries()) meter.gauge(gauge, { i: String(i) }).set(value)
  meter.counter({ ...counter, name: 'big' }).add(Number.MAX_SAFE_INTEGER)
  for (const declaration of declaredMetrics()) {
    const attributes = Object.fromEntries((declaration.attributes ?? []).map(key => [key, 'x']))
    if (declaration.kind === 'counter') meter.counter(declaration, attributes).add(1)
    else if (declaration.kind === 'gauge') meter.gauge(declaration, attributes).set(1)
    else meter.histogram(declaration, attributes).record(0.01)
  }
  return render()
}

const nameLine = /^# (HELP|TYPE) ([a-z_][a-z0-9_]*) ((?:[^\\\n]|\\\\|\\n)*)$/
const sampleLine = /^([a-z_][a-z0-9_]*)(?:\{((?:[a-z_][a-z0-9_]*="(?:[^"\\\n]|\\\\|\\"|\\n)*"(?:,(?=[a-z_]))?)+)\})? (NaN|[+-]Inf|-?\d+(?:\.\d+)?(?:e[+-]\d+)?)$/

interface Sample { readonly name: string, readonly labels: Record<string, string>, readonly value: number }

/** A strict reader of the format, written from its description: unknown lines, repeated series and stray samples are errors. */
function parse (text: string): Map<string, { type: string, help: string, samples: Sample[] }> {
  const families = new Map<string, { type: string, help: string, samples: Sample[] }>()
  const seen = new Set<string>()
  assert.ok(text.endsWith('\n'), 'the last line ends too')
  let current = ''
  for (const line of text.slice(0, -1).split('\n')) {
    const head = nameLine.exec(line)
    if (head !== null) {
      const [, what, name, rest] = head as unknown as [string, string, string, string]
      if (what === 'HELP') {
        assert.not.ok(families.has(name), `${name} has one group`)
        families.set(current = name, { type: '', help: rest, samples: [] })
      } else {
        assert.is(name, current)
        families.get(name)!.type = rest
      }
      continue
    }
    const sample = sampleLine.exec(line)
    assert.ok(sample, `malformed line: ${JSON.stringify(line)}`)
    const [, name, labels = '', value] = sample as unknown as [string, string, string | undefined, string]
    const family = families.get(current)!
    assert.ok(name === current || (family.type === 'histogram' && [`${current}_bucket`, `${current}_sum`, `${current}_count`].includes(name)), `${name} under ${current}`)
    assert.not.ok(seen.has(name + labels), `repeated series ${line}`)
    seen.add(name + labels)
    const pairs = [...labels.matchAll(/([a-z_][a-z0-9_]*)="((?:[^"\\]|\\.)*)"/g)].map(([, k, v]) => [k!, v!.replace(/\\(.)/g, (_, c: string) => c === 'n' ? '\n' : c)])
    assert.is(new Set(pairs.map(([k]) => k)).size, pairs.length, 'a label key appears once')
    family.samples.push({ name, labels: Object.fromEntries(pairs) as Record<string, string>, value: Number(value.replace('Inf', 'Infinity')) })
  }
  return families
}

test('the exposition follows the grammar, line by line', () => {
  const families = parse(fullExposition())
  assert.is(families.size, declaredMetrics().length + 4)
  for (const [name, { type }] of families) assert.is(type === 'counter', name.endsWith('_total'), name)
})

test('label values and help survive escaping', () => {
  const families = parse(fullExposition())
  const values = families.get('tapio_rows_events_total')!.samples.sort((a, b) => Number(a.labels['i']) - Number(b.labels['i'])).map(s => s.labels['value'])
  assert.equal(values.map(v => Buffer.from(v!).toString()), nasty.map(v => Buffer.from(v.replace(/[\0\r]/g, '\ufffd')).toString()))
  assert.is(families.get('tapio_wait_seconds')!.help, 'Back\\\\slash and\\nnewline.')
})

test('histogram buckets are cumulative, ascending in le, end with +Inf equal to the count', () => {
  const { samples } = parse(fullExposition()).get('tapio_wait_seconds')!
  for (let i = 0; i < nasty.length; i++) {
    const mine = samples.filter(s => s.labels['i'] === String(i))
    const buckets = mine.filter(s => s.name.endsWith('_bucket'))
    assert.equal(buckets.map(s => s.labels['le']), ['0.00005', '0.5', '1', '1e+21', '+Inf'])
    const above = i / 3
    assert.equal(buckets.map(s => s.value), [0.00005, 0.5, 1, 1e21, Infinity].map(bound => above <= bound ? 1 : 0))
    assert.is(mine.find(s => s.name.endsWith('_count'))!.value, 1)
    assert.is(mine.find(s => s.name.endsWith('_sum'))!.value, above)
  }
})

test('gauges print the values that are no numbers, counters print every digit', () => {
  const text = fullExposition()
  assert.match(text, /tapio_depth\{i="0"\} NaN\n/)
  assert.match(text, /tapio_depth\{i="1"\} \+Inf\n/)
  assert.match(text, /tapio_depth\{i="2"\} -Inf\n/)
  assert.match(text, /tapio_big_events_total 9007199254740991\n/)
})

const promtool = spawnSync('promtool', ['--version']).error === undefined
if (!promtool) console.log('SKIP promtool check metrics: promtool is not on PATH (Debian package prometheus)')

;(promtool ? test : test.skip)('promtool finds no fault in it', () => {
  const { status, stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], { input: fullExposition(), encoding: 'utf8' })
  assert.is(status, 0, stdout + stderr)
  assert.is(stderr.trim(), '')
})

test.run()
