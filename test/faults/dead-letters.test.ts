/**
 * Scenario: the example of exporters/README.md as it stands there: a Tapio with configs/dead-letters.yaml, a backend that rejects logs,
 * commands that look at the dead letters and send them while it rejects, and again after it was repaired; Tapio runs all the time.
 * Guarantees: the commands are valid and do what is written; each record reaches the backend once; the original's bytes are in the request.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { CommanderError } from 'commander'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { codeOf, type ExitName } from '../../core/cli/exit-codes.js'
import { BatchBuilder } from '../../core/data/builder.js'
import { encodeFrame, fileHeader, newMarker } from '../../core/data/file-format.js'
import { startReceiver } from '../../receivers/tapio/start-for-test.js'
import { createProgram } from '../../core/cli/program.js'
import { registryUrl } from '../../core/cli/registry.js'
import { run as runTapio } from '../../core/cli/run.js'

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..')
process.chdir(root)
const main = join(root, 'dist', 'core', 'cli', 'main.js')

const test = suite('dead letters, as documented')
const folder = mkdtempSync(join(tmpdir(), 'tapio-letters-'))
let isRepaired = false
/** Bodies of the records that were taken. */
const taken: string[] = []
const backend = createServer((request, response) => {
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => chunks.push(chunk)).on('end', () => {
    if (isRepaired) taken.push(...[...Buffer.concat(chunks).toString().matchAll(/"body":\{"stringValue":"([^"]*)"\}/g)].map(m => m[1] as string))
    response.writeHead(isRepaired ? 200 : 400, { 'content-type': 'application/json' }).end(isRepaired ? '{}' : '{"code":3,"message":"field `user` is not in the index"}')
  })
})
await new Promise<void>(resolve => { backend.listen(0, '127.0.0.1', resolve) })
const env = { ...process.env, NO_COLOR: '1', TAPIO_LISTEN: '127.0.0.1:0', TAPIO_DATA: folder, TAPIO_BACKEND: `http://127.0.0.1:${(backend.address() as AddressInfo).port}` }
const started: ChildProcess[] = []
test.after(() => {
  for (const child of started) child.kill('SIGKILL')
  backend.close()
  rmSync(folder, { recursive: true, force: true })
})

/** The program in this process, as it is built. */
async function run (args: readonly string[]): Promise<{ readonly code: number, readonly out: string, readonly err: string }> {
  let [out, err, exit] = ['', '', 'ok' as ExitName]
  const io = { out: (text: string) => { out += text }, err: (text: string) => { err += text }, color: false, env, modules: [registryUrl] }
  const program = createProgram('0', io, options => runTapio(options, io, () => () => undefined, () => undefined), answer => { exit = answer })
  try {
    await program.parseAsync(args, { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    exit = 'usage'
  }
  return { code: codeOf(exit), out, err }
}

/** The commands of the example, without the first, which starts Tapio. */
function documented (): string[][] {
  const text = readFileSync(join(root, 'exporters', 'README.md'), 'utf8')
  const block = /```sh\n(tapio -c configs\/dead-letters\.yaml[^]*?)```/.exec(text)?.[1] ?? ''
  return block.split('\n').filter(line => line.startsWith('tapio ')).map(line => line.replace(/\s+#.*$/, '').split(/\s+/).slice(1))
}

async function startTapio (): Promise<{ readonly child: ChildProcess, readonly port: number }> {
  const child = spawn(process.execPath, [main, '-c', 'configs/dead-letters.yaml'], { cwd: root, env, stdio: ['ignore', 'ignore', 'pipe'] })
  started.push(child)
  let log = ''
  const port = await new Promise<number>((resolve, reject) => {
    child.stderr?.on('data', (chunk: Buffer) => {
      log += chunk.toString()
      const port = /"component":"receiver\/otlp"[^\n]*"port":(\d+)[^\n]*"listening"/.exec(log)?.[1]
      if (log.includes('tapio is running') && port !== undefined) resolve(Number(port))
    })
    child.once('close', () => { reject(new Error(`tapio ended:\n${log}`)) })
  })
  return { child, port }
}

async function sendLogs (port: number, bodies: readonly string[]): Promise<void> {
  const logRecords = bodies.map(body => ({ timeUnixNano: '1767225600000000000', severityNumber: 9, body: { stringValue: body } }))
  const response = await fetch(`http://127.0.0.1:${port}/v1/logs`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ resourceLogs: [{ scopeLogs: [{ logRecords }] }] }) })
  assert.is(response.status, 200)
}

/** Tapio answers when a batch is in its queue; what becomes of it is seen a moment later. */
async function until (holds: () => Promise<boolean>): Promise<void> { while (!await holds()) await new Promise(resolve => setTimeout(resolve, 50)) }

test('the example of exporters/README.md', async () => {
  const [first, ...commands] = documented()
  assert.equal(first, ['-c', 'configs/dead-letters.yaml', '&'])
  const [look, dryRun, early, repaired, twice] = commands as [string[], string[], string[], string[], string[]]
  assert.is(commands.length, 5)
  const { child, port } = await startTapio()
  await sendLogs(port, ['one', 'two'])
  await sendLogs(port, ['three'])
  await until(async () => JSON.parse((await run([...look, '-o', 'json'])).out || '[{"rows":0}]')[0].rows === 3)

  const found = await run(look)
  assert.is(found.code, 0, found.err)
  assert.match(found.out, /dead letters +3 +2 /)
  assert.match(found.out, /3 events in 2 batches rejected by exporter otlp from .*: HTTP 400: field `user` is not in the index/)
  assert.match(found.out, `in use by process ${child.pid}`)
  assert.match((await run(dryRun)).out, /dead letters +3 +2 /)

  const still = await run(early)
  assert.is(still.code, 3, still.err)
  assert.match(still.out, 'Rejected again, and still there: 3 events')
  isRepaired = true
  const sent = await run(repaired)
  assert.is(sent.code, 0, sent.err)
  assert.match(sent.out, /^Delivered 3 events in 2 batches to exporter otlp in /)
  assert.equal(taken.sort(), ['one', 'three', 'two'])
  const nothing = await run(twice)
  assert.equal([nothing.code, nothing.out], [0, 'Nothing to send.\n'])
  assert.is(taken.length, 3)

  child.kill('SIGTERM')
  await once(child, 'close')
})

test('commands that cannot be carried out say what to do', async () => {
  writeFileSync(join(folder, 'x.tapio'), '')
  const wrong: readonly (readonly [args: readonly string[], code: number, message: RegExp])[] = [
    [['replay'], 2, /give directories or files, or --config/],
    [['replay', 'x'], 2, /where to\? Give --to ENDPOINT, or --config FILE/],
    [['replay', 'x', '--to', 'a:1', '--speed', '2'], 2, /cannot be used with/],
    [['replay', 'x', '--speed', '2'], 2, /give --config FILE/],
    [['replay', 'x', '--to', 'a:1', '--where', 'nonsense'], 2, /give FIELD=VALUE/],
    [['replay', 'x', '--to', 'a:1', '--where', 'nmae=x'], 2, /there is no field "nmae"; did you mean "name"/],
    [['replay', 'x', '--to', 'a:1', '--header', 'x'], 1, /is not NAME=VALUE/],
    [['replay', join(folder, 'none'), '--to', 'localhost:1'], 1, /there is no .*none/],
    [['replay', join(folder, 'x.tapio'), '--to', 'nowhere'], 78, /is not host:port/],
    [['dead-letters'], 2, /give directories, or --config FILE/]
  ]
  for (const [args, code, message] of wrong) {
    const done = await run(args)
    assert.equal([args, done.code], [args, code], done.err)
    assert.match(done.err, message)
  }
})

test('nobody at the other end: it is said, nothing is lost, and the exit code tells', async () => {
  const data = join(folder, 'dead-otlp')
  const before = readdirSync(data)
  const done = await run(['replay', data, '--again', '--to', 'localhost:1', '--give-up', '600ms', '-o', 'json'])
  assert.is(done.code, 3, done.err)
  const report = JSON.parse(done.out) as { delivered: number, gaveUp: string }
  assert.is(report.delivered, 0)
  assert.match(report.gaveUp, /ECONNREFUSED/)
  assert.equal(readdirSync(data).filter(n => n.endsWith('.tapio')), before.filter(n => n.endsWith('.tapio')))
})

test('a recording in the place of the receivers: as it happened, in the pipeline of a configuration, and nothing else of it', async () => {
  const [recording, copy] = [join(folder, 'incident.tapio'), join(folder, 'copy.jsonl')]
  const marker = newMarker()
  const builder = new BatchBuilder(3)
  for (const [i, name] of ['a', 'b', 'c'].entries()) builder.append({ name, timeUnixNano: 1_767_225_600_000_000_000n + BigInt(i) * 10_000_000_000n })
  writeFileSync(recording, Buffer.concat([fileHeader(marker), encodeFrame(builder.finish(), marker)]))
  const config = join(folder, 'play.yaml')
  writeFileSync(config, `
receivers: {file: {paths: [${folder}/not-there]}}
exporters: {file: {path: ${copy}, format: json}, file/live: {path: ${join(folder, 'live.jsonl')}, format: json}}
service:
  mode: debug
  telemetry: {metrics: {enabled: false}, logs: {level: error}}
  pipelines:
    main: {receivers: [file], exporters: [file]}
    live: {receivers: [file], exporters: [file/live]}
`)
  const startedMs = performance.now()
  const { code, err } = await run(['replay', recording, '-c', config, '--pipeline', 'main', '--speed', '40'])
  assert.is(code, 0, err)
  // Twenty seconds, forty times as fast.
  assert.ok(performance.now() - startedMs >= 490)
  const lines = readFileSync(copy, 'utf8').trimEnd().split('\n').map(line => JSON.parse(line) as { name: string, timeUnixNano: string })
  assert.equal(lines.map(l => [l.name, l.timeUnixNano]), [['a', '1767225600000000000'], ['b', '1767225610000000000'], ['c', '1767225620000000000']])
  assert.not(readdirSync(folder).includes('live.jsonl'))
  assert.match((await run(['replay', recording, '-c', config, '--as-fast-as-possible', '--pipeline', 'mian'])).err, /no pipeline "mian" with receivers; did you mean "main"/)
})

test('through the pipeline of a configuration, and to another Tapio', async () => {
  const recording = join(folder, 'incident.tapio')
  const config = join(folder, 'through.yaml')
  const copy = join(folder, 'through.jsonl')
  writeFileSync(config, `
receivers: {file: {paths: [x]}}
processors: {filter: {include: [{name: b}]}}
exporters: {file: {path: ${copy}, format: json}}
service: {pipelines: {main: {receivers: [file], processors: [filter], exporters: [file]}}}
`)
  const through = await run(['replay', recording, '-c', config, '--pipeline', 'main'])
  assert.is(through.code, 0, through.err)
  assert.match(through.out, 'Delivered 3 events in 1 batch to pipeline main')
  assert.equal(readFileSync(copy, 'utf8').trimEnd().split('\n').length, 1)
  const server = await startReceiver()
  const sent = await run(['replay', recording, '--again', '--to', `tapio://${server.endpoint}`])
  await server.stop()
  assert.is(sent.code, 0, sent.err)
  assert.equal(server.next.batches.flatMap(b => Array.from(b, row => row.get('name'))), ['a', 'b', 'c'])
})

test.run()
