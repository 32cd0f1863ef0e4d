/**
 * Scenario: files that are no configuration of the Collector, or broken ones, at random and on purpose.
 * Guarantees: a clear fault at its place, or a file that is valid; never an exception, and in bounded time.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { registryUrl } from '../cli/registry.js'
import { loadConfig } from '../config/load.js'
import { renderFaults } from '../config/render.js'
import { SourceText } from '../config/source.js'
import { mutated } from '../config/testdata/mutate.js'
import { randomOf, type Random } from '../config/testdata/random.js'
import { openCatalog } from '../instance.js'
import { migrateCollector } from './collector.js'
import type { Migrated } from './migrated.js'
import { renderNotes } from './report.js'

const long = process.env['TAPIO_TEST_LONG'] === '1'
const catalog = await openCatalog([registryUrl])
const migrate = (text: string): Migrated => migrateCollector(new SourceText('in.yaml', text, '/'), catalog, {})

const notOfThem: readonly (readonly [name: string, text: string, code: string, message: RegExp])[] = [
  ['nothing', '', 'CFG013', /empty/],
  ['no YAML', 'a: [', 'CFG004', /./],
  ['a list', '- a\n- b', 'CFG009', /list/],
  ['a text', 'hello', 'CFG009', /value/],
  ['a Kubernetes manifest', 'apiVersion: v1\nkind: ConfigMap\ndata: {relay: "receivers: {}"}', 'CFG031', /Kubernetes manifest/],
  ['the form of before 0.2', 'receivers: {jaeger: }\npipelines: {traces: {receivers: [jaeger]}}', 'CFG031', /older than 0.2/],
  ['another tool\'s', 'scrape_configs: [{job_name: x}]', 'CFG031', /no `service.pipelines`/],
  ['pipelines that are a list', 'service: {pipelines: [traces]}', 'CFG031', /no `service.pipelines`/],
  ['two documents', 'service: {pipelines: {}}\n---\na: b', 'CFG006', /more than one/],
  ['a bomb of aliases', `a: &a [x,x,x,x,x,x,x,x,x]\n${'bcdefgh'.split('').map((k, i) => `${k}: &${k} [${Array.from({ length: 9 }, () => `*${'abcdefg'[i]}`).join(',')}]`).join('\n')}\nservice: {pipelines: {}}`, 'CFG007', /expands/],
  ['an alias of itself', 'a: &a {b: *a}\nservice: {pipelines: {}}', 'CFG007', /nested/],
  ['a deep nest', `a: ${'['.repeat(100)}${']'.repeat(100)}`, 'CFG007', /nested/]
]

for (const [name, text, code, message] of notOfThem) {
  test(`${name} is a fault`, () => {
    const migrated = migrate(text)
    assert.not.ok(migrated.ok)
    const [fault] = migrated.ok ? [] : migrated.faults
    assert.is(fault?.code, code)
    assert.match(fault?.message ?? '', message)
  })
}

const valid = (text: string): void => {
  const loaded = loadConfig({ configs: ['/in.yaml'], texts: new Map([['/in.yaml', text]]) }, catalog, {})
  assert.ok(loaded.ok || loaded.faults.every(f => ['CFG020', 'CFG023'].includes(f.code)), loaded.ok ? '' : `${renderFaults(loaded.faults)}\n${text}`)
}

const odd: readonly (readonly [name: string, text: string, said: RegExp])[] = [
  ['components that are texts', 'receivers: {otlp: x}\nexporters: {debug: }\nservice: {pipelines: {logs: {receivers: [otlp], exporters: [debug]}}}', /no pipeline is left/],
  ['an option of the wrong type', 'receivers: {otlp: {protocols: {http: }}}\nexporters: {debug: {max_lines_per_second: many}}\nservice: {pipelines: {logs: {receivers: [otlp], exporters: [debug]}}}', /max_lines_per_second/],
  ['a required option that is missing', 'receivers: {otlp: {protocols: {http: {tls: {key_file: k}}}}}\nexporters: {debug: }\nservice: {pipelines: {logs: {receivers: [otlp], exporters: [debug]}}}', /cert_file/],
  ['an exporter that goes nowhere', 'receivers: {otlp: {protocols: {http: }}}\nexporters: {debug: , otlp: }\nservice: {pipelines: {logs: {receivers: [otlp], exporters: [debug, otlp]}}}', /endpoint/],
  ['a component that is not defined', 'receivers: {otlp: {protocols: {http: }}}\nexporters: {debug: }\nservice: {pipelines: {logs: {receivers: [otlp], processors: [batch], exporters: [debug]}}}', /`batch` is not defined/],
  ['one that is named twice', 'receivers: {otlp: {protocols: {http: }}}\nexporters: {debug: }\nservice: {pipelines: {logs: {receivers: [otlp, otlp], exporters: [debug]}}}', /everything is as it was/],
  ['a pipeline of an odd name', 'receivers: {otlp: {protocols: {http: }}}\nexporters: {debug: }\nservice: {pipelines: {logs: {receivers: [otlp], exporters: [debug]}, "Odd name": {receivers: [otlp], exporters: [debug]}}}', /Odd name/],
  ['a cycle', 'receivers: {otlp: {protocols: {http: }}}\nconnectors: {forward: , forward/b: }\nexporters: {debug: }\nservice: {pipelines: {logs/ok: {receivers: [otlp], exporters: [debug]}, logs/a: {receivers: [otlp, forward/b], exporters: [forward]}, logs/b: {receivers: [forward], exporters: [forward/b]}}}', /cycle/],
  ['sections that are not the Collector\'s', 'log-level: DEBUG\nreceivers: {otlp: {protocols: {http: }}}\nexporters: {debug: }\nservice: {x: 1, pipelines: {logs: {receivers: [otlp], exporters: [debug]}}}', /log-level/]
]

for (const [name, text, said] of odd) {
  test(`${name}: said, and what is written is valid`, () => {
    const migrated = migrate(text)
    assert.ok(migrated.ok, migrated.ok ? '' : renderFaults(migrated.faults))
    if (!migrated.ok) return
    assert.match(renderNotes('in.yaml', migrated.notes, false), said)
    if (migrated.runs) valid(migrated.yaml)
  })
}

test('the value of an option that is taken out is in no report: it may be a secret', () => {
  const migrated = migrate('receivers: {otlp: {protocols: {http: }}}\nexporters: {otlp: {endpoint: "a:4317", proxy_url: "http://user:hunter2@proxy"}, otlphttp: {traces_endpoint: "https://user:hunter2@b/v1/traces"}}\nservice: {pipelines: {traces: {receivers: [otlp], exporters: [otlp, otlphttp]}}}')
  assert.ok(migrated.ok)
  if (!migrated.ok) return
  assert.match(JSON.stringify(migrated.notes), /proxy_url/)
  assert.not.match(JSON.stringify(migrated.notes), /hunter2/)
  assert.match(migrated.yaml, /# proxy_url: "http:\/\/user:hunter2@proxy"/)
})

const folder = new URL('../../../test/migrate/configs/', import.meta.url)
const seeds = readdirSync(folder).filter(f => f.endsWith('.yaml')).sort().map(f => readFileSync(new URL(f, folder), 'utf8'))
const pieces = ['{', '}', '[', ']', ': ', ', ', '"', '\n', '\n  ', '- ', '&a ', '*a', '<<: *a', '!!int ', '|\n', '---\n', '${', '$X', '__proto__: 1', 'null', '~', '# c\n', '9'.repeat(40), '\u0000', '😀', ' and ', ' == ', 'not ', '(', ')']

const mutate = (text: string, random: Random): string => mutated(text, random, pieces, [
  (whole, r) => { const gone = r.below(whole.split('\n').length); return whole.split('\n').filter((_, i) => i !== gone).join('\n') },
  swap
])

function swap (text: string, random: Random): string {
  const lines = text.split('\n')
  lines[random.below(lines.length)] = random.pick(random.pick(seeds).split('\n'))
  return lines.join('\n')
}

test('random changes to configurations end in a valid file or in faults', () => {
  const random = randomOf(11)
  let written = 0
  for (let n = 0; n < (long ? 5000 : 250); n++) {
    let text = random.pick(seeds)
    for (let changes = 1 + random.below(4); changes > 0; changes--) text = mutate(text, random)
    let migrated: Migrated
    try {
      migrated = migrate(text)
    } catch (error) {
      throw new Error(`threw for ${JSON.stringify(text)}`, { cause: error })
    }
    if (!migrated.ok) {
      assert.ok(migrated.faults.length > 0, text)
      renderFaults(migrated.faults)
      continue
    }
    renderNotes('in.yaml', migrated.notes, true)
    if (!migrated.runs) continue
    valid(migrated.yaml)
    written += 1
  }
  // A change that leaves YAML whole is the usual one: else nothing but the parser was tried.
  assert.ok(written > 50, String(written))
})

test.run()
