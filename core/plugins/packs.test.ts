/**
 * Scenario: a plugin that brings failure patterns, good and bad ones, and components with a check of their own in threads of their own.
 * Guarantees: its patterns explain incidents of a configuration that names the plugin; what is wrong with them, or with options by the
 * plugin's own check, is a fault at its line; a check that throws, hangs or ends its thread holds nothing up for long.
 */
import { symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { registryUrl } from '../cli/registry.js'
import { tryPrepare } from '../cli/prepare.js'
import { defaultPatternDir, PatternLibrary } from '../patterns/library.js'
import { runTestFile } from '../pipeline-test/run-file.js'
import { PluginFolder, pluginText } from './testing/made.js'

const folder = new PluginFolder()
test.after(() => folder.remove())

let printed = ''
const print = (text: string): void => { printed += text }
const io = { out: print, err: print, color: false, env: {}, modules: [registryUrl] }

async function prepared (yaml: string): Promise<{ readonly told: string, readonly config: unknown }> {
  printed = ''
  const { prepared: made } = await tryPrepare({ config: [folder.write('tapio.yaml', yaml)] }, io)
  return { told: printed, config: made?.config }
}

const pattern = (more = ''): string => `version: 1
patterns:
  - id: pack.evicted
    layer: k8s
    subject: Pod
    when: [{symptom: {sign: k8s.warning}}]
    score: 0.95
    title: "{{subject.metadata.name}} was thrown out, says the pack"
    why: the pack says so${more}
    explains: [k8s.warning]
    tests: [{name: none, symptoms: [], expect: none}]
`
const pack = (patterns: string): string => `import { definePlugin } from 'tapio/plugin'\nexport default definePlugin({ name: 'tapio-plugin-pack', version: '1.0.0', tapio: '*', patterns: ${patterns} })\n`
const thinking = `receivers: {otlp: {}}
processors: {context: {}, k8s_correlation: {}, temporal_correlation: {}, impact: {}, incident: {}}
exporters: {debug: {}}
service: {pipelines: {main: {receivers: [otlp], processors: [context, k8s_correlation, temporal_correlation, impact, incident], exporters: [debug]}}}
plugins: [{path: ./pack.mjs}]
`

test('patterns of a plugin explain incidents beside those of Tapio', async () => {
  folder.write('patterns/evicted.yaml', pattern())
  folder.write('pack.mjs', pack('["patterns"]'))
  folder.write('tapio.yaml', thinking)
  const path = folder.write('tapio.test.yaml', `config: tapio.yaml
tests:
  - name: an evicted pod
    given:
      - events: [{type: kubernetes, source: kubernetes, severity: error, name: Evicted, message: The node was low on memory, entityKind: Pod, entityNamespace: shop, entityName: cart-0}]
      - advance: 1m
    expect:
      incidents: [{title: says the pack, pattern: pack.evicted, at_fault: Pod shop/cart-0}]
`)
  const { results, broken } = await runTestFile(path, 'tapio.test.yaml', io)
  assert.is(broken, undefined)
  assert.equal(results.map(r => r.reasons), [[]])
})

test('a pack that is outside, not there, empty or faulty is a fault of the line that names the plugin', async () => {
  folder.write('bad/b.yaml', pattern('\n    lett: {}'))
  folder.write('empty/readme.txt', 'nothing')
  folder.write('clash/c.yaml', pattern().replace('pack.evicted', PatternLibrary.load([defaultPatternDir]).library.patterns[0]?.id ?? ''))
  symlinkSync('/etc', join(folder.path, 'link'))
  for (const [patterns, message] of [
    ['["../elsewhere"]', /outside its own folder: \.\.\/elsewhere/],
    ['["/etc"]', /outside its own folder: \/etc/],
    ['["link"]', /outside its own folder: link/],
    ['["clash"]', /faulty pattern: .*clash\/c\.yaml:3:\d+: the pattern `\S+` is there already: .*\[PAT002\]/],
    ['["gone"]', /faulty pattern: .*gone:1:1: cannot read patterns.* \[PAT009\]/],
    ['["empty"]', /there are none in empty/],
    ['["bad"]', /faulty pattern: .*bad\/b\.yaml:\d+:\d+: unknown key `lett`.*\[CFG031\]/]
  ] as const) {
    folder.write('pack.mjs', pack(patterns))
    const { told, config } = await prepared(thinking)
    assert.is(config, undefined)
    assert.match(told, /error\[CFG076\][\s\S]*tapio\.yaml:5:/)
    assert.match(told, message)
  }
})

const checked = (check: string): string => pluginText({ body: 'consume: batch => next.consume(batch)' }).replace('create: services', `check: config => { ${check} }, create: services`)
const one = `receivers: {otlp: {}}
processors:
  tested: {then: nothing}
exporters: {debug: {}}
service: {pipelines: {main: {receivers: [otlp], processors: [tested], exporters: [debug]}}}
plugins: [{path: ./checked.mjs}]
`

for (const [what, check, code, message] of [
  ['says what is wrong', 'return [{ path: ["then"], message: `no such thing: ${config.then}` }]', 'CFG041', /no such thing: nothing[\s\S]*tapio\.yaml:3:18/],
  ['throws', 'throw new Error("oops")', 'CFG052', /the check of `tested` failed/],
  ['ends its thread', 'process.exit(3)', 'CFG052', /the check of `tested` failed/],
  ['hangs', 'for (;;) {}', 'CFG052', /the check of `tested` failed/],
  ['finds nothing', 'return []', undefined, /^$/]
] as const) {
  test(`a check that ${what}, of a plugin in a thread of its own`, async () => {
    folder.write('checked.mjs', checked(check))
    const { told, config } = await prepared(one)
    assert.is(config === undefined, code !== undefined, told)
    if (code !== undefined) assert.match(told, new RegExp(`error\\[${code}\\]`))
    assert.match(told, message)
  })
}

test.run()
