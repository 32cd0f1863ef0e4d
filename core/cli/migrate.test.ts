/**
 * Scenario: `tapio config migrate`, as the built program.
 * Guarantees: YAML to standard output or a file, the report to standard error; exit codes; nothing is overwritten unasked; `tapio config`
 * still prints a configuration; what is written passes `tapio validate`.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'

const main = fileURLToPath(new URL('main.js', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'tapio-migrate-cli-'))
test.after(() => rmSync(folder, { recursive: true, force: true }))

function tapio (...args: string[]): { code: number | null, out: string, err: string } {
  const done = spawnSync(process.execPath, [main, ...args], { encoding: 'utf8', cwd: folder, timeout: 60_000 })
  return { code: done.status, out: done.stdout, err: done.stderr }
}

const whole = 'receivers: {otlp: {protocols: {http: }}}\nexporters: {debug: {loglevel: debug}}\nservice: {pipelines: {logs: {receivers: [otlp], exporters: [debug]}}}\n'
const partly = 'receivers: {otlp: {protocols: {http: }}, filelog: {include: [a]}}\nexporters: {debug: {sampling_initial: 5}}\nservice: {pipelines: {logs: {receivers: [otlp, filelog], exporters: [debug]}}}\n'
writeFileSync(join(folder, 'whole.yaml'), whole)
writeFileSync(join(folder, 'partly.yaml'), partly)
writeFileSync(join(folder, 'binary'), Buffer.from([0, 0xff, 0xfe, 1, 2]))

test('all is translated: 0, YAML on standard output, the report on standard error', () => {
  const { code, out, err } = tapio('config', 'migrate', '--from', 'otelcol', 'whole.yaml')
  assert.is(code, 0)
  assert.match(out, /^# Written by `tapio config migrate --from otelcol`: 0 without/)
  assert.match(err, /0 without a counterpart, 0 changed in meaning, 1 translated\n$/)
})

test('something has no counterpart: 4, and what is written is valid', () => {
  const { code, out, err } = tapio('config', 'migrate', '--from', 'otelcol', 'partly.yaml', '-o', 'out.yaml')
  assert.is(code, 4)
  assert.is(out, '')
  assert.match(err, /partly\.yaml:1 {2}receivers\.filelog: /)
  assert.match(readFileSync(join(folder, 'out.yaml'), 'utf8'), /# {3}filelog: \{include: \[a\]\}|# filelog: \{include: \[a\]\}/)
  assert.is(tapio('validate', '-c', 'out.yaml').code, 0)
})

test('a file that is there is kept, unless forced', () => {
  writeFileSync(join(folder, 'mine.yaml'), 'mine')
  const { code, err } = tapio('config', 'migrate', '--from', 'otelcol', 'whole.yaml', '-o', 'mine.yaml')
  assert.is(code, 1)
  assert.match(err, /mine\.yaml is there already/)
  assert.is(readFileSync(join(folder, 'mine.yaml'), 'utf8'), 'mine')
  assert.is(tapio('config', 'migrate', '--from', 'otelcol', 'whole.yaml', '-o', 'mine.yaml', '--force').code, 0)
  assert.match(readFileSync(join(folder, 'mine.yaml'), 'utf8'), /^# Written/)
})

test('--strict: 4 also for what changed in meaning', () => {
  writeFileSync(join(folder, 'changed.yaml'), partly.replace(', filelog: {include: [a]}', '').replace(', filelog', ''))
  assert.is(tapio('config', 'migrate', '--from', 'otelcol', 'changed.yaml').code, 0)
  assert.is(tapio('config', 'migrate', '--from', 'otelcol', 'changed.yaml', '--strict').code, 4)
})

test('--report json is for tools', () => {
  const { err } = tapio('config', 'migrate', '--from', 'otelcol', 'partly.yaml', '--report', 'json')
  const report = JSON.parse(err) as { complete: boolean, missing: number, notes: { kind: string, path: string, line: number }[] }
  assert.is(report.complete, false)
  assert.is(report.missing, 1)
  assert.equal(report.notes.map(n => [n.kind, n.path, n.line]), [['missing', 'receivers.filelog', 1], ['changed', 'exporters.debug.sampling_initial', 2]])
})

test('what cannot be read is a fault: 78', () => {
  for (const file of ['binary', 'nowhere.yaml', '.']) {
    const { code, err } = tapio('config', 'migrate', '--from', 'otelcol', file)
    assert.is(code, 78)
    assert.match(err, /^error\[CFG00[13]\]: /)
  }
})

test('a wrong command line: 2', () => {
  assert.is(tapio('config', 'migrate', 'whole.yaml').code, 2)
  assert.is(tapio('config', 'migrate', '--from', 'fluentbit', 'whole.yaml').code, 2)
})

test('`tapio config` still prints, the Collector\'s names included', () => {
  const { code, out, err } = tapio('config', '-c', 'whole.yaml', '-o', 'json')
  assert.is(code, 0)
  assert.equal((JSON.parse(out) as { exporters: unknown }).exporters, { debug: { ...(JSON.parse(out) as { exporters: { debug: object } }).exporters.debug, verbosity: 'detailed' } })
  assert.match(err, /`loglevel` is called `verbosity`/)
})

test.run()
