/**
 * Scenario: `tapio config migrate`, through the command line's own parser.
 * Guarantees: YAML to standard output or a file, the report to standard error; exit codes; nothing is overwritten unasked; `tapio config`
 * still prints a configuration; what is written passes `tapio validate`.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CommanderError } from 'commander'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { exitCodes, type ExitName } from './exit-codes.js'
import { createProgram } from './program.js'
import { registryUrl } from './registry.js'

const folder = mkdtempSync(join(tmpdir(), 'tapio-migrate-cli-'))
test.after(() => rmSync(folder, { recursive: true, force: true }))

/** Names of files are those of the folder of this test. */
async function tapio (...args: string[]): Promise<{ code: number | null, out: string, err: string }> {
  const said = { code: null as number | null, out: '', err: '' }
  const io = { out: (text: string) => { said.out += text }, err: (text: string) => { said.err += text }, color: false, env: {}, modules: [registryUrl] }
  const program = createProgram('0', io, () => Promise.reject(new Error('nothing is run here')), (exit: ExitName) => { said.code = exitCodes[exit][0] })
  const placed = args.map(arg => /^[\w-]+\.yaml$|^binary$|^\.$/.test(arg) ? join(folder, arg) : arg)
  try {
    await program.parseAsync(['node', 'tapio', ...placed])
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    said.code = 2
  }
  return said
}

const whole = 'receivers: {otlp: {protocols: {http: }}}\nexporters: {debug: {loglevel: debug}}\nservice: {pipelines: {logs: {receivers: [otlp], exporters: [debug]}}}\n'
const partly = 'receivers: {otlp: {protocols: {http: }}, filelog: {include: [a]}}\nexporters: {debug: {sampling_initial: 5}}\nservice: {pipelines: {logs: {receivers: [otlp, filelog], exporters: [debug]}}}\n'
writeFileSync(join(folder, 'whole.yaml'), whole)
writeFileSync(join(folder, 'partly.yaml'), partly)
writeFileSync(join(folder, 'binary'), Buffer.from([0, 0xff, 0xfe, 1, 2]))

test('all is translated: 0, YAML on standard output, the report on standard error', async () => {
  const { code, out, err } = await tapio('config', 'migrate', '--from', 'otelcol', 'whole.yaml')
  assert.is(code, 0)
  assert.match(out, /^# Written by `tapio config migrate --from otelcol`: 0 without/)
  assert.match(err, /0 without a counterpart, 0 changed in meaning, 1 translated\n$/)
})

test('something has no counterpart: 4, and what is written is valid', async () => {
  const { code, out, err } = await tapio('config', 'migrate', '--from', 'otelcol', 'partly.yaml', '-o', 'out.yaml')
  assert.is(code, 4)
  assert.is(out, '')
  assert.match(err, /partly\.yaml:1 {2}receivers\.filelog: /)
  assert.match(readFileSync(join(folder, 'out.yaml'), 'utf8'), /# filelog: \{include: \[a\]\}/)
  assert.is((await tapio('validate', '-c', 'out.yaml')).code, 0)
})

test('a file that is there is kept, unless forced', async () => {
  writeFileSync(join(folder, 'mine.yaml'), 'mine')
  const { code, err } = await tapio('config', 'migrate', '--from', 'otelcol', 'whole.yaml', '-o', 'mine.yaml')
  assert.is(code, 1)
  assert.match(err, /mine\.yaml is there already/)
  assert.is(readFileSync(join(folder, 'mine.yaml'), 'utf8'), 'mine')
  assert.is((await tapio('config', 'migrate', '--from', 'otelcol', 'whole.yaml', '-o', 'mine.yaml', '--force')).code, 0)
  assert.match(readFileSync(join(folder, 'mine.yaml'), 'utf8'), /^# Written/)
})

test('--strict: 4 also for what changed in meaning', async () => {
  writeFileSync(join(folder, 'changed.yaml'), partly.replace(', filelog: {include: [a]}', '').replace(', filelog', ''))
  assert.is((await tapio('config', 'migrate', '--from', 'otelcol', 'changed.yaml')).code, 0)
  assert.is((await tapio('config', 'migrate', '--from', 'otelcol', 'changed.yaml', '--strict')).code, 4)
})

test('--report json is for tools', async () => {
  const { err } = await tapio('config', 'migrate', '--from', 'otelcol', 'partly.yaml', '--report', 'json')
  const report = JSON.parse(err) as { complete: boolean, missing: number, notes: { kind: string, path: string, line: number }[] }
  assert.is(report.complete, false)
  assert.is(report.missing, 1)
  assert.equal(report.notes.map(n => [n.kind, n.path, n.line]), [['missing', 'receivers.filelog', 1], ['changed', 'exporters.debug.sampling_initial', 2]])
})

test('what cannot be read is a fault: 78', async () => {
  for (const file of ['binary', 'nowhere.yaml', '.']) {
    const { code, err } = await tapio('config', 'migrate', '--from', 'otelcol', file)
    assert.is(code, 78)
    assert.match(err, /^error\[CFG00[13]\]: /)
  }
})

test('a wrong command line: 2', async () => {
  assert.is((await tapio('config', 'migrate', 'whole.yaml')).code, 2)
  assert.is((await tapio('config', 'migrate', '--from', 'fluentbit', 'whole.yaml')).code, 2)
})

test('`tapio config` still prints, the Collector\'s names included', async () => {
  const { code, out, err } = await tapio('config', '-c', 'whole.yaml', '-o', 'json')
  assert.is(code, 0)
  assert.equal((JSON.parse(out) as { exporters: unknown }).exporters, { debug: { ...(JSON.parse(out) as { exporters: { debug: object } }).exporters.debug, verbosity: 'detailed' } })
  assert.match(err, /`loglevel` is called `verbosity`/)
})

test.run()
