/**
 * Scenario: tests of a configuration, right and wrong ones, about a pipeline that filters, gathers and routes.
 * Guarantees: a test passes exactly when what came out is what it expects; what differs is told with the closest row, field by field; what is
 * wrong with the file has its line; nothing in it throws.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { registryUrl } from '../cli/registry.js'
import { renderFaults } from '../config/render.js'
import { seeded } from '../data/testing/random.js'
import { runTestFile } from './run-file.js'

const folder = mkdtempSync(join(tmpdir(), 'tapio-pipeline-test-'))
test.after(() => rmSync(folder, { recursive: true, force: true }))

writeFileSync(join(folder, 'tapio.yaml'), `
receivers: {otlp: {}, otlp/edge: {}}
processors:
  filter: {exclude: [{name: health}]}
  batch: {timeout: "\${env:TIMEOUT:-10s}"}
exporters: {otlp: {endpoint: "127.0.0.1:1", tls: {insecure: true}}, debug: {}}
service:
  pipelines:
    main: {receivers: [otlp], processors: [filter, batch], exporters: [otlp]}
    edge: {receivers: [otlp/edge], exporters: [debug, otlp]}
`)

interface Ran { readonly told: string, readonly passed: readonly boolean[] }

async function run (text: string, name = 't.test.yaml'): Promise<Ran> {
  const path = join(folder, name)
  writeFileSync(path, text)
  let printed = ''
  const print = (more: string): void => { printed += more }
  const { faults, results, broken = '' } = await runTestFile(path, name, { out: print, err: print, color: false, env: { TIMEOUT: 'not asked' }, modules: [registryUrl] })
  return { told: [printed, renderFaults(faults), broken, ...results.flatMap(r => r.reasons)].filter(t => t !== '').join('\n'), passed: results.map(r => r.passed) }
}

const one = (given: string, expect: string, head = 'config: tapio.yaml'): string => `${head}\ntests:\n  - name: a case\n    given: ${given}\n    expect: ${expect}\n`
const events = (...messages: readonly string[]): string => `[{receiver: otlp, events: [${messages.map(m => `{signal: logs, message: ${m}, attributes: {env: dev}}`).join(', ')}]}]`

test('what is expected came, in whatever order, each in a row of its own', async () => {
  assert.equal(await run(one(events('a', 'b'), '{exporters: {otlp: {count: 2, rows: [{message: b}, {message: {regex: "[ab]"}}], never: [{message: c}]}}}')), { told: '', passed: [true] })
  const { told } = await run(one(events('a', 'b'), '{exporters: {otlp: {rows: [{message: a}, {message: a}]}}}'))
  assert.is(told, 'exporter otlp: rows[1] fits only rows that others of the list need: {message: "a"}')
})

test('an optimal pairing is found: the choosy one gets its row', async () => {
  assert.equal((await run(one(events('a', 'b', 'c'), '{exporters: {otlp: {rows: [{message: {regex: "[abc]"}}, {message: {regex: "[ab]"}}, {message: a}]}}}'))).passed, [true])
})

test('what differs is told field by field beside the closest row', async () => {
  const { told, passed } = await run(one(events('a', 'b'), '{exporters: {otlp: {rows: [{message: b, attributes.env: prod}]}}}'))
  assert.is(told, 'exporter otlp: no row fits rows[0]; the closest of 2, row 2:\n    message: "b"\n  - attributes.env: "prod"\n  + attributes.env: "dev"')
  assert.equal(passed, [false])
})

test('a wrong number, a row too many, one missing and one that may not be are told', async () => {
  const { told } = await run(one(events('a', 'b'), '{exporters: {otlp: {count: 3, exactly: [{message: a}, {message: c}, {message: d}], never: [{attributes.env: dev}]}}}'))
  assert.match(told, /expected 3 rows, got 2:\n {2}logs a \{"env":"dev"\}/)
  assert.match(told, /row 2 is not as expected:\n {2}- message: "c"\n {2}\+ message: "b"/)
  assert.match(told, /row 3 is missing: \{message: "d"\}/)
  assert.match(told, /no row may fit \{attributes\.env: "dev"\}, but row 1 does/)
  assert.match((await run(one(events('a', 'b'), '{exporters: {otlp: {exactly: [{message: a}]}}}'))).told, /row 2 is one too many/)
})

test('drops must be expected, and expected ones must be', async () => {
  const given = '[{receiver: otlp, events: [{signal: traces, name: health}]}]'
  assert.match((await run(one(given, '{exporters: {otlp: {count: 0}}}'))).told, /drops: processor\/filter dropped 1 row as filtered, which is not expected/)
  assert.equal((await run(one(given, '{drops: {processor/filter: {filtered: 1}}}'))).passed, [true])
  assert.match((await run(one(events('a'), '{drops: {processor/filter: {filtered: 1}}}'))).told, /was to drop 1 row as filtered, and dropped 0/)
})

test('incidents that are not there, and none where none may be', async () => {
  assert.match((await run(one(events('a'), '{incidents: [{title: Memory}]}'))).told, /incidents\[0\]: there is no incident/)
  assert.equal((await run(one(events('a'), '{incidents: []}'))).passed, [true])
})

test('each receiver is its own; which one is meant must be clear', async () => {
  assert.equal((await run(one('[{receiver: otlp/edge, events: [{message: x}]}]', '{exporters: {otlp: {count: 1}, debug: {count: 1}}}'))).passed, [true])
  assert.match((await run(one('[{events: [{message: x}]}]', '{exporters: {otlp: {count: 1}}}'))).told, /into which receiver do the events go\? There are otlp, otlp\/edge/)
  assert.match((await run(one('[{receiver: otlp/egde, events: [{message: x}]}]', '{exporters: {otlp: {count: 1}}}'))).told, /no receiver `otlp\/egde` in a pipeline; did you mean `otlp\/edge`\?/)
  assert.match((await run(one(events('a'), '{exporters: {oltp: {count: 1}}}'))).told, /no exporter `oltp` in a pipeline; did you mean `otlp`\?/)
})

test('time is the test\'s own, and so is the environment', async () => {
  const at = '{exporters: {otlp: {rows: [{timeUnixNano: {min: "2026-01-01T00:00:05Z", max: "2026-01-01T00:00:05Z"}}]}}}'
  assert.equal((await run(one('[{advance: 5s}, {receiver: otlp, events: [{message: x}]}]', at))).passed, [true])
  assert.match((await run(one(events('a'), '{exporters: {otlp: {count: 1}}}', 'config: tapio.yaml\nenv: {TIMEOUT: soon}'))).told, /CFG035/)
})

test('recorded files are given whole, and damage is told', async () => {
  mkdirSync(join(folder, 'data'))
  writeFileSync(join(folder, 'data', 'r.jsonl'), '{"signal":"logs","message":"r1"}\n{"signal":"logs","message":"r2"}\n')
  assert.equal((await run(one('[{receiver: otlp, file: data/r.jsonl}]', '{exporters: {otlp: {exactly: [{message: r1}, {message: r2}]}}}'))).passed, [true])
  writeFileSync(join(folder, 'data', 'bad.jsonl'), '{"signal":"logs"}\n{"signal":"nothing"}\n')
  assert.match((await run(one('[{receiver: otlp, file: data/bad.jsonl}]', '{exporters: {otlp: {count: 1}}}'))).told, /bad\.jsonl cannot be read: it is damaged at byte 18/)
  assert.match((await run(one('[{receiver: otlp, file: gone.jsonl}]', '{exporters: {otlp: {count: 1}}}'))).told, /gone\.jsonl cannot be read: there is no such file/)
})

test('what is wrong with the file is told with its line', async () => {
  for (const [text, code, line, message] of [
    [one(events('a'), '{exporter: {}}'), 'CFG031', 5, /unknown option `exporter`[\s\S]*did you mean `exporters`/],
    [one('[{receiver: otlp, events: [{mesage: x}]}]', '{incidents: []}'), 'CFG041', 4, /no field `mesage`; did you mean `message`/],
    [one('[{receiver: otlp, events: [{severity: loud}]}]', '{incidents: []}'), 'CFG041', 4, /"loud" is not a severity/],
    [one('[{receiver: otlp}]', '{incidents: []}'), 'CFG041', 4, /one of events, file, advance; found none/],
    [one(events('a'), '{exporters: {otlp: {rows: [{nmae: x}]}}}'), 'CFG041', 5, /no field "nmae"; did you mean "name"/],
    ['config: tapio.yaml\ntests: [', 'CFG004', 2, /./],
    ['# nothing\n', 'CFG013', 1, /no tests/]
  ] as const) {
    const { told, passed } = await run(text)
    assert.match(told, new RegExp(`error\\[${code}\\][\\s\\S]*t\\.test\\.yaml:${line}:`), told)
    assert.match(told, message)
    assert.equal(passed, [])
  }
})

test('a configuration that cannot be used is told as ever, and one may stand in the file', async () => {
  assert.match((await run(one(events('a'), '{incidents: []}', 'config: gone.yaml'))).told, /CFG001[\s\S]*the configuration cannot be used/)
  const inline = 'config:\n  receivers: {otlp: {}}\n  exporters: {debug: {}}\n  service: {pipelines: {logs: {receivers: [otlp], exporters: [debug]}}}\nset: [service.mode=standard]'
  assert.equal(await run(one('[{events: [{signal: logs, message: x}]}]', '{exporters: {debug: {count: 1}}}', inline)), { told: '', passed: [true] })
})

test('whatever stands in a file, the answer is a fault or a result', async () => {
  const random = seeded(11)
  const good = one(events('a', 'b'), '{exporters: {otlp: {count: 2, rows: [{message: b}]}}, drops: {processor/filter: {filtered: 0}}}')
  for (let i = 0; i < 150; i++) {
    const bytes = Buffer.from(good)
    for (let n = 0; n <= random.below(4); n++) bytes[random.below(bytes.length)] = '{}[]:,#"\n a0-'.charCodeAt(random.below(13))
    const { told, passed } = await run(bytes.toString(), 'fuzz.test.yaml')
    assert.ok(told !== '' || passed.every(p => p), bytes.toString())
  }
})

test.run()
