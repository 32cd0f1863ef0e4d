/** Scenario: the built program, run as people run it. Guarantees: exit codes, what goes to stdout and stderr, signals. */
import { execFileSync, spawn, spawnSync, type ChildProcessWithoutNullStreams } from 'node:child_process'
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Ajv } from 'ajv'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { exitCodes } from './exit-codes.js'

const main = join(dirname(fileURLToPath(import.meta.url)), 'main.js')
const root = join(dirname(main), '..', '..', '..')
const configs = join(root, 'configs')

const test = suite('tapio')
const folder = mkdtempSync(join(tmpdir(), 'tapio-cli-'))
test.after(() => rmSync(folder, { recursive: true, force: true }))

function tapio (args: readonly string[], env: Record<string, string> = {}): { code: number | null, out: string, err: string } {
  const done = spawnSync(process.execPath, [main, ...args], { encoding: 'utf8', env: { ...process.env, ...env }, timeout: 60_000, cwd: folder })
  return { code: done.status, out: done.stdout, err: done.stderr }
}

function write (name: string, text: string): string {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}

/** Listens on free ports, so that several tests may run at once. */
const live = (more = ''): string => `
receivers: {otlp: {protocols: {http: {endpoint: 127.0.0.1:0}}}}
processors: {batch: {}}
exporters: {debug: {}}
service:
  mode: standard
  telemetry: {metrics: {endpoint: 127.0.0.1:0}, logs: {format: json}}
  pipelines: {main: {receivers: [otlp], processors: [batch], exporters: [debug]}}
${more}`

test('--version prints the version of the package', () => {
  const { code, out } = tapio(['--version'])
  assert.is(code, 0)
  assert.match(out, /^\d+\.\d+\.\d+\n$/)
})

test('--help shows examples and every exit code', () => {
  const { code, out } = tapio(['--help'])
  assert.is(code, 0)
  assert.match(out, 'Examples:')
  for (const [number, meaning] of Object.values(exitCodes)) assert.match(out, new RegExp(`${number}  ${meaning.slice(0, 20)}`))
})

const wrongLines: [string, string[], RegExp][] = [
  ['nothing to run', [], /give --config/],
  ['an unknown command', ['valdate'], /too many arguments|unknown command/],
  ['an unknown option', ['--confg', 'x'], /Did you mean --config/],
  ['validate without a file', ['validate'], /give --config/],
  ['a wrong output format', ['graph', '-c', 'x', '-o', 'svg'], /Allowed choices are text, mermaid, json/],
  ['an unknown shell', ['completion', 'tcsh'], /Allowed choices are bash, zsh, fish/]
]
for (const [what, args, expected] of wrongLines) {
  test(`${what} is a usage error, exit code 2`, () => {
    const { code, err } = tapio(args)
    assert.is(code, 2)
    assert.match(err, expected)
  })
}

test('validate prints every fault with line and key to stderr, exit code 78', () => {
  const file = write('faulty.yaml', live().replace('exporters: {debug: {}}', 'exporters: {debg: {}}').replace('mode: standard', 'mode: quick'))
  const { code, out, err } = tapio(['validate', '-c', file])
  assert.is(code, 78)
  assert.is(out, '')
  assert.match(err, /faulty\.yaml:4:\d+/)
  assert.match(err, 'did you mean `debug`?')
  assert.match(err, 'service.mode')
})

test('validate -o json gives faults for tools', () => {
  const file = write('faulty2.yaml', live().replace('mode: standard', 'mode: quick'))
  const { faults } = JSON.parse(tapio(['validate', '-c', file, '-o', 'json']).err) as { faults: { line: number }[] }
  assert.is(faults[0]?.line, 6)
})

test('validate says what it found', () => {
  assert.equal(tapio(['validate', '-c', write('ok.yaml', live())]), { code: 0, out: 'configuration is valid: 1 pipeline, 3 components, mode standard on 2 threads\n', err: '' })
})

for (const name of readdirSync(configs).filter(f => f.endsWith('.yaml'))) {
  test(`configs/${name} is valid`, () => {
    const { code, err } = tapio(['validate', '-c', join(configs, name)], { TAPIO_REPLAY: write('replay.jsonl', '') })
    assert.is(code, 0, err)
  })
}

test('config prints what loads to the same again, with secrets hidden', () => {
  const file = write('secret.yaml', live('x-unused: 1').replace('exporters: {debug: {}}', 'exporters: {debug: {}, otlp: {endpoint: "127.0.0.1:1", headers: {authorization: "Bearer s3cr3t-value"}}}').replace('exporters: [debug]', 'exporters: [debug, otlp]'))
  const { code, out } = tapio(['config', '-c', file])
  assert.is(code, 0)
  assert.not.match(out, 's3cr3t-value')
  assert.match(out, '[redacted]')
  const again = tapio(['config', '-c', write('again.yaml', out)])
  assert.is(again.out, out)
})

test('--set wins over files, later files win over earlier ones', () => {
  const base = write('base.yaml', live())
  const site = write('site.yaml', 'service: {mode: debug, shutdown_timeout: 7s}')
  const { out } = tapio(['config', '-c', base, '-c', site, '--set', 'service.mode=ring-buffer'])
  assert.match(out, 'mode: ring-buffer')
  assert.match(out, 'shutdown_timeout: 7s')
})

test('graph draws text and Mermaid', () => {
  const file = write('graph.yaml', live())
  assert.match(tapio(['graph', '-c', file]).out, /\[main\] +otlp -> batch\n +=.*ring 8 MiB =>\n +\[worker\] +debug/)
  assert.match(tapio(['graph', '-c', file, '-o', 'mermaid']).out, /^flowchart LR\n/)
})

test('components lists every component as table, JSON and YAML', () => {
  const list = JSON.parse(tapio(['components', '-o', 'json']).out) as { kind: string, type: string }[]
  assert.ok(list.some(c => c.kind === 'receiver' && c.type === 'otlp'))
  assert.match(tapio(['components'], { NO_COLOR: '1' }).out, /otlp/)
  assert.not.match(tapio(['components'], { NO_COLOR: '1' }).out, /\u001b/)
})

test('schema is a JSON Schema that accepts a right configuration and refuses a wrong one', () => {
  const schema = JSON.parse(tapio(['schema']).out) as object
  const check = new Ajv({ strict: false, validateFormats: false }).compile(schema)
  assert.ok(check({ receivers: { otlp: null }, exporters: { debug: null }, service: { pipelines: { main: { receivers: ['otlp'], exporters: ['debug'] } } } }), JSON.stringify(check.errors))
  assert.not(check({ receivers: { otlp: { protcols: {} } } }))
})

test('the bash completion is valid bash and completes a command', () => {
  const script = write('complete.bash', tapio(['completion', 'bash']).out + '\nCOMP_WORDS=(tapio val); COMP_CWORD=1; _tapio; echo "${COMPREPLY[@]}"\n')
  const done = spawnSync('bash', [script], { encoding: 'utf8' })
  assert.is(done.stdout.trim(), 'validate', done.stderr)
})

/** A failing test must not leave its process behind. */
const started: ChildProcessWithoutNullStreams[] = []
test.after(() => { for (const child of started) child.kill('SIGKILL') })

/** Starts tapio and waits until it says that it runs. */
async function start (file: string): Promise<{ child: ChildProcessWithoutNullStreams, log: () => string, exited: Promise<number | null>, metrics: string }> {
  const child = spawn(process.execPath, [main, '-c', file], { cwd: folder })
  started.push(child)
  let text = ''
  const exited = new Promise<number | null>(resolve => child.once('exit', resolve))
  const metrics = await new Promise<string>((resolve, reject) => {
    const take = (chunk: Buffer): void => {
      text += chunk.toString()
      const found = /"metrics":"(http[^"]+)"/.exec(text)?.[1]
      if (found !== undefined) resolve(found)
    }
    child.stdout.on('data', take)
    child.stderr.on('data', take)
    void exited.then(code => reject(new Error(`ended with ${code}: ${text}`)))
  })
  return { child, log: () => text, exited, metrics }
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  test(`${signal} drains and ends with 0; metrics and health answer while it runs`, async () => {
    const { child, log, exited, metrics } = await start(write(`${signal}.yaml`, live()))
    assert.match(await (await fetch(metrics)).text(), /^tapio_process_memory_rss_bytes \d+/m)
    const ready = await fetch(new URL('/readyz', metrics))
    assert.is(ready.status, 200, await ready.text())
    child.kill(signal)
    assert.is(await exited, 0)
    assert.match(log(), 'tapio has ended')
  })
}

test('SIGTERM while it reads its configuration ends in order, with 0', async () => {
  const file = join(folder, 'early.yaml')
  execFileSync('mkfifo', [file])
  const child = spawn(process.execPath, [main, '-c', file], { cwd: folder })
  started.push(child)
  let log = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => { log += chunk.toString() })
  const exited = new Promise<number | null>(resolve => child.once('close', resolve))
  // Opens when there is a reader: the program then waits for what is in it.
  const config = await Promise.race([open(file, 'w'), exited.then(code => { throw new Error(`ended with ${code}: ${log}`) })])
  child.kill('SIGTERM')
  await config.writeFile(live())
  await config.close()
  assert.is(await exited, 0, log)
  assert.match(log, 'tapio has ended')
})

test('in debug mode SIGUSR2 starts a CPU profile and, sent again, writes it', async () => {
  const { child, log, exited } = await start(write('profile.yaml', live().replace('mode: standard', 'mode: debug')))
  const said = async (text: string): Promise<void> => {
    for (const endMs = performance.now() + 20_000; !log().includes(text);) {
      if (performance.now() > endMs) throw new Error(`never said "${text}": ${log()}`)
      await new Promise(resolve => setTimeout(resolve, 10))
    }
  }
  child.kill('SIGUSR2')
  await said('CPU profile started')
  child.kill('SIGUSR2')
  await said('CPU profile written')
  child.kill('SIGINT')
  assert.is(await exited, 0)
  const file = readdirSync(folder).find(f => f.endsWith('.cpuprofile'))
  assert.ok((JSON.parse(readFileSync(join(folder, file ?? ''), 'utf8')) as { nodes: unknown[] }).nodes.length > 0)
})

test('a second signal ends at once with 130', async () => {
  // An exporter that nobody answers keeps the drain waiting: port 1 on loopback refuses, and the exporter retries.
  const file = write('second.yaml', live().replace('exporters: {debug: {}}', 'exporters: {otlp: {endpoint: "127.0.0.1:1"}}').replace('[debug]', '[otlp]'))
  const { child, log, exited } = await start(file)
  const port = /"protocol":"http".*"port":(\d+)/.exec(log())?.[1]
  assert.ok(port, `no listening port in: ${log()}`)
  const body = JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans: [{ traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331', name: 'x', startTimeUnixNano: `${Date.now()}000000`, endTimeUnixNano: `${Date.now()}000000` }] }] }] })
  const answer = await fetch(`http://127.0.0.1:${port}/v1/traces`, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
  assert.is(answer.status, 200)
  const draining = new Promise<void>(resolve => { child.stderr.on('data', () => { if (log().includes('tapio is draining')) resolve() }) })
  child.kill('SIGINT')
  await draining
  child.kill('SIGINT')
  assert.is(await exited, 130)
})

test('a port in use is a clear failure, exit code 1', async () => {
  const first = await start(write('first.yaml', live()))
  const port = new URL(first.metrics).port
  const { code, err } = tapio(['-c', write('taken.yaml', live().replace('metrics: {endpoint: 127.0.0.1:0}', `metrics: {endpoint: 127.0.0.1:${port}}`))])
  first.child.kill('SIGINT')
  await first.exited
  assert.is(code, 1)
  assert.match(err, new RegExp(`EADDRINUSE|address already in use|${port}`))
})

test.run()
