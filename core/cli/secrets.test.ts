/**
 * Scenario: the built program with secrets from the environment, a file and a token file; asked for a diagnostic report while it runs.
 * Guarantees: no secret in its log, its printed configuration, its API, its report, or the environment of programs it starts.
 * Does not show: core dumps and heap snapshots, which hold all memory; nothing of Tapio makes them, the shipped units forbid the first.
 */
import { spawn, spawnSync } from 'node:child_process'
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'

const main = join(dirname(fileURLToPath(import.meta.url)), 'main.js')
const test = suite('secrets of a running tapio')
const folder = mkdtempSync(join(tmpdir(), 'tapio-secrets-'))
test.after(() => { rmSync(folder, { recursive: true, force: true }) })

const secrets = { env: 'S3cretOfTheEnvironment', file: 'S3cretOfTheFile', token: 'S3cretOfTheTokenFile' }
const [file, tokens] = [join(folder, 'file'), join(folder, 'tokens')]
writeFileSync(file, secrets.file)
writeFileSync(tokens, secrets.token)

/** A journalctl that writes down what it was given. */
const journalctl = join(folder, 'journalctl')
writeFileSync(journalctl, `#!/bin/sh\nenv > ${join(folder, 'child-env.tmp')} && mv ${join(folder, 'child-env.tmp')} ${join(folder, 'child-env')}\nexec sleep 1000\n`)
chmodSync(journalctl, 0o755)

const config = `
receivers:
  otlp: {protocols: {http: {endpoint: 127.0.0.1:0, auth: {bearer_tokens: ["\${env:TAPIO_TEST_SECRET}"], bearer_token_file: "${tokens}"}}}}
  systemd: {bus: {enabled: false}, journal: {command: "${journalctl}"}, state_directory: "${join(folder, 'state')}"}
exporters: {otlp: {endpoint: "http://127.0.0.1:9", protocol: http/json, headers: {authorization: "Bearer \${file:${file}}", x-key: "\${env:TAPIO_TEST_SECRET}"}}}
service:
  telemetry: {metrics: {endpoint: 127.0.0.1:0}, logs: {format: json, level: debug}}
  pipelines: {main: {receivers: [otlp, systemd], exporters: [otlp]}}
`
const path = join(folder, 'tapio.yaml')
writeFileSync(path, config)
const env = { ...process.env, TAPIO_TEST_SECRET: secrets.env, TAPIO_TEST_OPEN: 'open' }

function clean (text: string, what: string): void {
  for (const [from, secret] of Object.entries(secrets)) assert.not.ok(text.includes(secret), `the secret of the ${from} is in ${what}`)
}

test('printed and validated, no secret shows', () => {
  for (const command of ['config', 'validate', 'graph']) {
    const { stdout, stderr, status } = spawnSync(process.execPath, [main, command, '-c', path], { encoding: 'utf8', env })
    assert.is(status, 0, stderr)
    clean(stdout + stderr, `tapio ${command}`)
  }
})

test('running, no secret is in the log, in a diagnostic report, or in the environment of a child', async () => {
  const child = spawn(process.execPath, ['--report-on-signal', '--report-signal=SIGUSR1', `--report-directory=${folder}`, main, '-c', path], { env, stdio: ['ignore', 'ignore', 'pipe'] })
  let log = ''
  const reports = (): string[] => readdirSync(folder).filter(f => /^report\..*\.json$/.test(f))
  const read = (name: string): string => readFileSync(join(folder, name), 'utf8')
  try {
    const said = (text: string): Promise<void> => new Promise((resolve, reject) => {
      const look = (): void => { if (log.includes(text)) { child.stderr.off('data', look); resolve() } }
      child.stderr.on('data', look).once('close', () => { reject(new Error(`it ended without "${text}":\n${log}`)) })
      look()
    })
    child.stderr.on('data', (chunk: Buffer) => { log += chunk.toString() })
    await said('tapio is running')
    await until(() => readdirSync(folder).includes('child-env'))
    child.kill('SIGUSR1')
    await until(() => reports().length > 0 && isWhole(read(reports()[0] as string)))
    const ended = new Promise(resolve => child.once('close', resolve))
    child.kill('SIGTERM')
    await ended
    const report = read(reports()[0] as string)
    assert.match(report, 'TAPIO_TEST_OPEN')
    assert.match(read('child-env'), 'TAPIO_TEST_OPEN=open')
    clean(log, 'the log')
    clean(report, 'the diagnostic report')
    clean(read('child-env'), 'the environment of journalctl')
  } finally { child.kill('SIGKILL') }
})

function isWhole (json: string): boolean {
  try { JSON.parse(json); return true } catch { return false }
}

async function until (holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise(resolve => setTimeout(resolve, 10))
}

test.run()
