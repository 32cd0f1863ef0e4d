/**
 * Scenario: machines written by hand (a /proc, /sys and /run of files), and real servers, ports, certificates and directories on this one.
 * Guarantees: what is wrong is found, said with its place and what to do, and makes the exit code; what is well is not complained of; nothing
 * is changed, no secret printed, and a check that hangs or throws ends in time.
 */
import { chmodSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer as createHttp, type IncomingMessage, type ServerResponse } from 'node:http'
import { createSecureServer, createServer as createHttp2 } from 'node:http2'
import { createServer as createTcp, type AddressInfo, type Server } from 'node:net'
import { createServer as createTls } from 'node:tls'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { lockDirectory } from '../../net/directory-lock.js'
import { TestAuthority } from '../../net/testing/certificates.js'
import type { CommandIo } from '../io.js'
import { registryUrl } from '../registry.js'
import { doctor } from './doctor.js'
import { examine } from './examine.js'
import { expiryWords } from './endpoints.js'
import { ok, type Check, type Finding, type Patient } from './finding.js'
import { machineChecks, nodeVersion } from './machine.js'
import { ownerOf } from './ports.js'

const test = suite('doctor')
const folder = await mkdtemp(join(tmpdir(), 'tapio-doctor-'))
const authority = await TestAuthority.create(folder)
const issued = await authority.issue('server')
const servers: Server[] = []
test.after(async () => {
  for (const server of servers) server.close()
  await rm(folder, { recursive: true })
})

interface Report { readonly exit: string, readonly findings: readonly (Finding & { readonly area: string })[], readonly out: string }

async function examined (yaml: string, env: CommandIo['env'] = {}, root = join(folder, 'nothing')): Promise<Report> {
  let out = ''
  const io: CommandIo = { out: text => { out += text }, err: () => undefined, color: false, env, modules: [registryUrl] }
  const exit = await doctor({ config: yaml === '' ? [] : [`yaml:${yaml}`], set: [], timeout: 2000, output: 'json', color: false, root }, io)
  return { exit, out, findings: (JSON.parse(out) as { findings: Report['findings'] }).findings }
}

const of = ({ findings }: Report, name: string): Finding => findings.find(f => f.name === name) ?? assert.unreachable(`no finding ${name}`) as never

async function listening (server: Server): Promise<number> {
  servers.push(server)
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}

interface Parts { readonly exporter?: string, readonly receiver?: string, readonly more?: string }

function config ({ exporter = 'debug', receiver = 'otlp: {protocols: {grpc: {endpoint: 127.0.0.1:0}}}', more = '' }: Parts): string {
  const [id] = exporter.split(':')
  return `receivers: {${receiver}}
exporters: {${exporter.includes(':') ? exporter : `${exporter}: {}`}}
service: {telemetry: {metrics: {enabled: false}}, ${more} pipelines: {main: {receivers: [${receiver.split(':')[0]}], exporters: [${id}]}}}`
}

const otlp = (port: number, more = 'tls: {insecure: true}', host = '127.0.0.1'): string => config({ exporter: `otlp: {endpoint: '${host}:${port}', ${more}}` })
const endpoint = 'exporters.otlp.endpoint'

/** Files of a machine. */
function machine (name: string, files: Readonly<Record<string, string>>): string {
  const root = join(folder, name)
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }
  return root
}

async function machineFindings (root: string, nowMs = Date.now()): Promise<readonly Finding[]> {
  const patient: Patient = { prepared: undefined, env: {}, modules: [], root, nowMs, timeoutMs: 1000, signal: new AbortController().signal }
  return (await Promise.all(machineChecks.map(check => check.run(patient)))).flat()
}

test('Node: too old, old enough, newer', () => {
  assert.equal(['18.20.0', '20.18.9', '20.19.0', '22.1.0'].map(v => nodeVersion(v).level), ['fault', 'fault', 'ok', 'ok'])
})

test('a machine that is short of everything', async () => {
  const findings = await machineFindings(machine('poor', {
    'proc/self/limits': 'Max open files            1024                 4096                 files\n',
    'proc/self/cgroup': '0::/kubepods/pod1/c1\n', 'proc/self/status': 'CapEff:\t000000c000000000\n', 'proc/meminfo': 'MemAvailable: 8000000 kB\n',
    'sys/fs/cgroup/kubepods/pod1/c1/memory.max': 'max\n', 'sys/fs/cgroup/kubepods/pod1/memory.max': '268435456\n', 'sys/fs/cgroup/kubepods/pod1/memory.current': '167772160\n',
    'sys/fs/cgroup/kubepods/pod1/c1/cpu.max': '50000 100000\n',
    'proc/pressure/memory': 'some avg10=42.10 avg60=1.00 avg300=0.00 total=1\n', 'proc/pressure/io': 'some avg10=1.00 avg60=1.00 avg300=0.00 total=1\n'
  }))
  const told = (name: string): string => { const f = findings.find(one => one.name === name); return `${f?.level}: ${f?.found}` }
  assert.is(told('open files'), 'warning: 1024 at once (hard limit 4096)')
  assert.is(told('memory'), 'warning: limit of the cgroup 256 MiB, 96 MiB free')
  assert.match(told('cpu'), /^warning: .* the cgroup allows 0\.50$/)
  assert.is(told('memory pressure'), 'warning: 42.10 % of the last 10 s something waited for memory')
  assert.match(told('io pressure'), /^ok/)
  assert.match(told('user'), 'with CAP_PERFMON, CAP_BPF')
  assert.match(told('clock'), /^warning: .*nothing seen that keeps it in step/)
  assert.ok(findings.every(f => f.level === 'ok' || (f.action ?? '').length > 10), 'each says what to do')
})

test('a machine that tells nothing, a clock that is kept, one that was never set', async () => {
  assert.ok((await machineFindings(join(folder, 'nothing'))).every(f => f.level === 'ok' || f.name === 'clock'))
  const kept = machine('kept', { 'run/systemd/timesync/synchronized': '' })
  assert.match((await machineFindings(kept)).find(f => f.name === 'clock')?.found ?? '', 'kept by systemd-timesyncd')
  assert.is((await machineFindings(kept, Date.UTC(1970, 0, 2))).find(f => f.name === 'clock')?.level, 'fault')
})

test('a port that is taken says by whom, a free one is free afterwards, an address of another machine is none', async () => {
  const port = await listening(createTcp())
  const owner = await ownerOf(port)
  assert.equal([owner?.pid, owner?.isTapio], [process.pid, false])
  const report = await examined(config({ receiver: `otlp: {protocols: {grpc: {endpoint: 127.0.0.1:${port}}, http: {endpoint: 192.0.2.1:4318}}}` }), {}, '')
  const { level, found, action } = of(report, 'receivers.otlp.protocols.grpc.endpoint')
  assert.equal([level, found, action], ['fault', `127.0.0.1:${port} is taken by ${readFileSync('/proc/self/comm', 'utf8').trim()}, pid ${process.pid}`, `End it (\`kill ${process.pid}\`), or choose another port.`])
  assert.is(of(report, 'receivers.otlp.protocols.http.endpoint').level, 'fault')
  assert.is(report.exit, 'failure')
  const free = await new Promise<number>(resolve => { const s = createTcp().listen(0, '127.0.0.1', () => { const { port: p } = s.address() as AddressInfo; s.close(() => resolve(p)) }) })
  const again = async (): Promise<string> => of(await examined(config({ receiver: `otlp: {protocols: {grpc: {endpoint: 127.0.0.1:${free}}}}` })), 'receivers.otlp.protocols.grpc.endpoint').found
  assert.equal([await again(), await again()], [`127.0.0.1:${free} is free`, `127.0.0.1:${free} is free`])
})

test('a process with the words of Tapio is told apart', async () => {
  const root = machine('running', { 'proc/net/tcp': '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n   0: 0100007F:10DD 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4711 1 0 100 0 0 10 0\n', 'proc/77/comm': 'node\n', 'proc/77/cmdline': 'node\0/opt/tapio/dist/core/cli/main.js\0--config\0a.yaml\0', 'proc/77/fd/.keep': '' })
  symlinkSync('socket:[4711]', join(root, 'proc/77/fd/9'))
  assert.equal(await ownerOf(4317, root), { pid: 77, name: 'node', isTapio: true })
  assert.is(await ownerOf(4318, root), undefined)
})

test('gRPC: reached in plain text and TLS, with the life of the certificate; refused; another protocol', async () => {
  const plain = await listening(createHttp2())
  assert.match(of(await examined(otlp(plain)), endpoint).found, /^127\.0\.0\.1:\d+ answers: connection \d+ ms, HTTP\/2 \d+ ms$/)
  const key = { cert: readFileSync(issued.certFile), key: readFileSync(issued.keyFile) }
  const secure = await listening(createSecureServer(key) as unknown as Server)
  const trusted = of(await examined(otlp(secure, `tls: {ca_file: ${authority.caFile}}`, 'localhost')), endpoint)
  assert.is(trusted.level, 'warning')
  assert.match(trusted.found, /answers: name \d+ ms, connection \d+ ms, TLS \d+ ms, HTTP\/2 \d+ ms; its certificate is good until \d{4}-\d\d-\d\d, 0 days$/)
  const unknown = of(await examined(otlp(secure, 'timeout: 5s', 'localhost')), endpoint)
  assert.is(unknown.level, 'fault')
  assert.match(unknown.found, /certificate is of an authority that is not known here/)
  assert.match(unknown.action ?? '', /tls\.ca_file/)
  const http = await listening(createHttp((_, response) => response.end()))
  assert.match(of(await examined(otlp(http)), endpoint).found, /does not speak HTTP\/2, which gRPC needs/)
  assert.match(of(await examined(otlp(1)), endpoint).found, 'nothing listens there (ECONNREFUSED)')
  assert.match(of(await examined(otlp(4317, 'tls: {insecure: true}', 'nowhere.invalid')), endpoint).found, /its name is not known here/)
})

test('HTTP: any answer will do; TLS where plain text is spoken', async () => {
  const http = await listening(createHttp((_, response) => { response.statusCode = 405; response.end() }))
  const over = (url: string): string => config({ exporter: `otlp: {endpoint: '${url}', protocol: http/protobuf}` })
  assert.match(of(await examined(over(`http://127.0.0.1:${http}`)), endpoint).found, /answers: connection \d+ ms, HTTP \d+ ms/)
  assert.is(of(await examined(over(`https://127.0.0.1:${http}`)), endpoint).level, 'fault')
})

test('a server that never answers ends the check in time', async () => {
  const silent = await listening(createTls({ cert: readFileSync(issued.certFile), key: readFileSync(issued.keyFile) }, () => undefined))
  const checks: Check[] = [
    { area: 'a', name: 'hangs', run: async () => new Promise(() => undefined) },
    { area: 'a', name: 'throws', run: () => Promise.reject(new Error('no\u001b[2J')) },
    { area: 'a', name: 'works', run: () => Promise.resolve([ok('works', 'well')]) }
  ]
  const [area] = await examine(checks, { prepared: undefined, env: {}, modules: [], root: '', nowMs: 0 }, 50, new AbortController().signal)
  assert.equal(area?.findings.map(f => [f.name, f.level]), [['hangs', 'warning'], ['throws', 'fault'], ['works', 'ok']])
  assert.match(area?.findings[0]?.found ?? '', 'no answer within 0.05 s')
  const late = of(await examined(otlp(silent, `tls: {ca_file: ${authority.caFile}}`, 'localhost')), endpoint)
  assert.is(late.level, 'fault')
  assert.match(late.found, /no answer \(timeout\) \(name \d+ ms, connection \d+ ms, TLS \d+ ms\)$/)
})

test('directories: there, to be made, in use, a file; nothing is left in them', async () => {
  const queue = join(folder, 'queue')
  mkdirSync(queue)
  const exporter = (directory: string): string => config({ exporter: `otlp: {endpoint: '127.0.0.1:1', tls: {insecure: true}, sending_queue: {enabled: true, directory: '${directory}'}}` })
  const name = 'exporters.otlp.sending_queue.directory'
  assert.match(of(await examined(exporter(queue)), name).found, /queue: [\d.]+ \wiB of [\d.]+ \wiB free/)
  assert.equal(readdirSync(queue), [])
  assert.match(of(await examined(exporter(join(folder, 'new/deep'))), name).found, /deep \(made at the start\): /)
  assert.not(readdirSync(folder).includes('new'))
  const lock = await lockDirectory(queue)
  try {
    assert.ok((await examined(exporter(queue))).findings.some(f => f.name === name && f.level === 'warning' && f.found === `${queue} is in use by process ${process.pid}`))
  } finally {
    await lock?.release()
  }
  assert.match(of(await examined(exporter(authority.caFile)), name).found, /is a file/)
})

test('a directory that is not set is none; files are written where they are named', async () => {
  const { findings } = await examined(config({ receiver: 'systemd: {}', exporter: `file: {path: ${join(folder, 'out/events.tapio')}}` }))
  const disk = findings.filter(f => f.area === 'disk').map(f => [f.name, f.found])
  assert.not(disk.some(([name]) => name === 'receivers.systemd.journal.directory'))
  assert.match(disk.find(([name]) => name === 'exporters.file.path')?.[1] ?? '', `${join(folder, 'out')} (made at the start): `)
})

test('secrets: missing, readable for all, well; certificates by their time; what is in them is never printed', async () => {
  const token = join(folder, 'token')
  writeFileSync(token, 'hunter2-secret')
  chmodSync(token, 0o600)
  chmodSync(folder, 0o755)
  const receiver = (file: string): string => config({ receiver: `otlp: {protocols: {grpc: {endpoint: 127.0.0.1:0, tls: {cert_file: ${issued.certFile}, key_file: ${file}}}}}` })
  const name = 'receivers.otlp.protocols.grpc.tls.key_file'
  const well = await examined(receiver(token))
  assert.is(of(well, name).level, 'ok')
  assert.match(of(well, 'receivers.otlp.protocols.grpc.tls.cert_file').found, /is good until .*, 0 days/)
  assert.not.match(well.out, 'hunter2')
  chmodSync(token, 0o644)
  const exposed = of(await examined(receiver(token)), name)
  assert.is(exposed.level, 'warning')
  assert.match(exposed.found, /everybody on this machine may read it/)
  assert.is(of(await examined(receiver(join(folder, 'gone'))), name).found, `there is no ${join(folder, 'gone')}`)
  assert.is(of(await examined(receiver(token).replace(issued.certFile, token)), 'receivers.otlp.protocols.grpc.tls.cert_file').level, 'fault')
})

test('certificates: over, soon over, good', () => {
  const nowMs = Date.UTC(2026, 5, 1)
  assert.equal([-1, 3, 400].map(days => expiryWords(nowMs + days * 86_400_000, nowMs)), [
    { words: 'expired on 2026-05-31', isSoon: true, isOver: true }, { words: 'is good until 2026-06-04, 3 days', isSoon: true, isOver: false }, { words: 'is good until 2027-07-06, 400 days', isSoon: false, isOver: false }
  ])
})

test('a cluster: version, and the rights that are missing; credentials that are not accepted; none there', async () => {
  const asked: string[] = []
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    let body = ''
    for await (const chunk of request) body += String(chunk)
    response.setHeader('content-type', 'application/json')
    if (request.headers.authorization === 'Bearer bad') { response.statusCode = 401; response.end(JSON.stringify({ kind: 'Status', reason: 'Unauthorized', message: 'Unauthorized' })); return }
    if (request.url === '/version') { response.end('{"gitVersion": "v1.31.2"}'); return }
    const { spec: { resourceAttributes: { verb, resource, namespace } } } = JSON.parse(body) as { spec: { resourceAttributes: { verb: string, resource: string, namespace: string } } }
    asked.push(`${request.method} ${verb} ${resource} ${namespace}`)
    response.end(JSON.stringify({ status: { allowed: resource !== 'secrets' } }))
  }
  const port = await listening(createHttp((request, response) => { void answer(request, response) }))
  const kubeconfig = (token: string, to = port): string => {
    const file = join(folder, `kubeconfig-${token}-${to}`)
    writeFileSync(file, JSON.stringify({ apiVersion: 'v1', kind: 'Config', 'current-context': 'a', contexts: [{ name: 'a', context: { cluster: 'a', user: 'a' } }], clusters: [{ name: 'a', cluster: { server: `http://127.0.0.1:${to}` } }], users: [{ name: 'a', user: { token } }] }), { mode: 0o600 })
    return file
  }
  const receiver = (file: string): string => config({ receiver: `kubernetes: {auth_type: kubeConfig, kubeconfig: ${file}, resources: [pods, secrets, nodes], namespaces: [shop]}` })
  const report = await examined(receiver(kubeconfig('good')))
  assert.match(of(report, 'receivers.kubernetes').found, /answers: Kubernetes v1\.31\.2, \d+ ms/)
  assert.equal([of(report, 'receivers.kubernetes rights').level, of(report, 'receivers.kubernetes rights').found], ['warning', 'list and watch of 3 resources: not allowed are list secrets in shop, watch secrets in shop'])
  assert.equal(asked.sort(), ['POST list nodes ', 'POST list pods shop', 'POST list secrets shop', 'POST watch nodes ', 'POST watch pods shop', 'POST watch secrets shop'])
  assert.not.match(report.out, 'good"')
  assert.match(of(await examined(receiver(kubeconfig('bad'))), 'receivers.kubernetes').action ?? '', /credentials are not accepted/)
  assert.match(of(await examined(receiver(kubeconfig('good', 1))), 'receivers.kubernetes').found, /cannot be reached/)
})

test('sources: only what the receivers of a configuration need', async () => {
  const root = machine('systemd', { 'run/systemd/system/.keep': '', 'var/log/journal/1/system.journal': '' })
  const report = await examined(config({ receiver: 'systemd: {}' }), {}, root)
  assert.equal(report.findings.filter(f => f.area === 'sources').map(f => [f.name, f.level]), [['systemd', 'ok'], ['D-Bus', 'warning'], ['journal', 'ok']])
  assert.equal((await examined(config({}), {}, root)).findings.filter(f => f.area === 'sources'), [])
})

test('a faulty configuration is a fault, and the machine is looked at all the same', async () => {
  const { exit, findings } = await examined('receivers: 1')
  assert.is(exit, 'config')
  assert.is(findings[0]?.level, 'fault')
  assert.ok(findings.some(f => f.name === 'node'))
})

test('text: counted, each fault with what to do', async () => {
  let out = ''
  const io: CommandIo = { out: text => { out += text }, err: () => undefined, color: false, env: {}, modules: [registryUrl] }
  assert.is(await doctor({ config: [`yaml:${otlp(1)}`], set: [], timeout: 2000, output: 'text', color: false, root: join(folder, 'nothing') }, io), 'failure')
  assert.match(out, /^tapio doctor: \d+ ok, \d+ warnings?, 1 fault \([\d.]+ s\)\n\nCONFIGURATION\n {2}ok {7}configuration: 1 pipeline, 2 components, from /)
  assert.match(out, /\nENDPOINTS\n {2}fault {4}exporters\.otlp\.endpoint: 127\.0\.0\.1:1: nothing listens there \(ECONNREFUSED\)\n {11}do: Start the other side, or correct host and port\.\n/)
})

test.run()
