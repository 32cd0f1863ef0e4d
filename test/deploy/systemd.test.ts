/**
 * Scenario: the shipped systemd units on a real systemd: tapio.service between a client that keeps a ledger and a backend, killed again and
 * again, with a bad configuration; collectors of units and of the kernel beside it.
 * Guarantees: they run as the user tapio, without a capability (or with the few of their drop-in), without privileges to gain, below a system
 * call filter; nothing acknowledged is lost over `systemctl kill -s KILL`; a faulty configuration is not restarted for ever; secrets come from
 * credentials and are as the strict policy wants them.
 * Does not show: MemoryMax (not enforced below nspawn here), a machine whose process 1 is this systemd.
 * Needs root, systemd, systemd-container, dbus; elsewhere skipped, and it is said why.
 */
import { spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { stringify } from 'yaml'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { kernelTestFault } from '../../native/testing/kernel.js'
import { Backend } from '../faults/delivery/backend.js'
import { sendAll } from '../faults/delivery/client.js'
import { Ledger, line } from '../faults/delivery/ledger.js'
import { Machine, machineFault } from '../systemd/machine.js'
import { freePort } from '../free-port.js'
import { install, privileges, root, shippedConfig, show } from './units.js'

const fault = machineFault()
if (fault !== '') console.log(`SKIP the systemd units on a real systemd: ${fault}`)
const test = suite('systemd units')
const onMachine = fault === '' ? test : test.skip

let machine: Machine
const folder = mkdtempSync(join(tmpdir(), 'tapio-units-'))
test.before(async () => {
  if (fault !== '') return
  machine = await Machine.boot({ binds: [`${root}:/srv/tapio`], hostNetwork: true, capabilities: ['CAP_BPF', 'CAP_PERFMON'], systemCalls: ['bpf', 'perf_event_open'] })
  install(machine)
})
test.after(async () => {
  if (fault === '') await machine.stop()
  rmSync(folder, { recursive: true, force: true })
})

const active = async (unit: string, state = 'active'): Promise<void> => {
  for (const end = Date.now() + 30_000; show(machine, unit, 'ActiveState')['ActiveState'] !== state; await sleep(50)) {
    if (Date.now() > end) throw new Error(`${unit} did not become ${state}:\n${machine.ask('journalctl', '--no-pager', '--output=cat', '--lines=30', `--unit=${unit}`)}`)
  }
}

async function isReady (port: number): Promise<void> {
  for (const end = Date.now() + 30_000; ; await sleep(50)) {
    const ready = await fetch(`http://127.0.0.1:${port}/readyz`).then(r => r.status === 200, () => false)
    if (ready) return
    if (Date.now() > end) throw new Error(`it did not get ready:\n${machine.ask('journalctl', '--no-pager', '--output=cat', '--lines=30', '--unit=tapio.service')}`)
  }
}

onMachine('systemd finds nothing wrong with the units', () => {
  for (const unit of ['tapio.service', ...['systemd', 'ebpf', 'cni', 'kubernetes'].map(s => `tapio-collector@${s}.service`)]) assert.is(machine.ask('systemd-analyze', 'verify', unit), '', unit)
})

const sources = ['tapio', ...['systemd', 'kubernetes', 'ebpf', 'cni'].map(s => `tapio-collector@${s}`)]
/** What systemd-analyze(1) thinks is left to attack, from 0 to 10; CNI needs CAP_SYS_ADMIN. */
const worst: Readonly<Record<string, number>> = { tapio: 1.6, 'tapio-collector@ebpf': 2.6, 'tapio-collector@cni': 3.3 }

onMachine('their exposure, by systemd-analyze security, is small', () => {
  const scores = sources.map(unit => {
    const text = machine.ask('systemd-analyze', 'security', '--no-pager', '--offline=true', `${unit}.service`)
    return [unit, Number(/Overall exposure level for .*: ([\d.]+)/.exec(text)?.[1])] as const
  })
  console.log(`\nREPORT systemd-analyze security: ${scores.map(([unit, score]) => `${unit} ${score}`).join(', ')}`)
  for (const [unit, score] of scores) assert.ok(score <= (worst[unit] ?? 1.6), `${unit} ${score}`)
})

onMachine('tapio.service: without privileges, through kills, without loss', async () => {
  const ledger = new Ledger()
  const backend = new Backend(ledger)
  const [grpc, http, metrics, backendPort] = [await freePort(), await freePort(), await freePort(), await backend.listen()]
  try {
    machine.put('/etc/tapio/tapio.yaml', shippedConfig().replace(':4317}', `:${grpc}}`).replace(':4318}', `:${http}, auth: {bearer_tokens: ["\${file:/run/credentials/tapio.service/token}"]}}`).replace(':8888', `:${metrics}`).replace('sending_queue:', 'protocol: http/json\n    timeout: 2s\n    retry_on_failure: {initial_interval: 20ms, max_interval: 200ms}\n    sending_queue:'))
    machine.put('/etc/tapio/tapio.env', `OTLP_BACKEND=http://127.0.0.1:${backendPort}\n`)
    machine.put('/etc/tapio/secrets/token', 'a-token-of-the-test', 0o600)
    machine.put('/etc/systemd/system/tapio.service.d/secret.conf', '[Service]\nLoadCredential=token:/etc/tapio/secrets/token\nRestartSec=100ms\n')
    machine.ask('systemctl', 'daemon-reload')
    machine.ask('systemctl', 'start', 'tapio.service')
    await isReady(metrics)
    const uid = machine.ask('id', '-u', 'tapio')
    const { Uid, CapEff, CapBnd, NoNewPrivs, Seccomp } = privileges(machine, 'tapio.service')
    assert.equal([Uid?.split('\t')[0], CapEff, CapBnd, NoNewPrivs, Seccomp], [uid, '0000000000000000', '0000000000000000', '1', '2'])
    assert.is.not(uid, '0')
    const { status } = await fetch(`http://127.0.0.1:${http}/v1/logs`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' })
    assert.is(status, 401, 'without the token of the credential')
    const signal = new AbortController().signal
    const sent = sendAll({ ledger, port: http, records: 2400, batch: 20, connections: 4, pauseMs: 5, signal, headers: { authorization: 'Bearer a-token-of-the-test' } })
    for (let kill = 0; kill < 2; kill++) {
      const from = ledger.acknowledged
      backend.behaviour = kill === 1 ? 'unavailable' : 'slow'
      while (ledger.acknowledged < from + 400) await sleep(5)
      machine.ask('systemctl', 'kill', '--signal=KILL', 'tapio.service')
    }
    backend.behaviour = 'takes'
    await isReady(metrics)
    machine.put('/etc/tapio/tapio.yaml', readFileSync(`${machine.root}/etc/tapio/tapio.yaml`, 'utf8').replace('limit_percentage: 80', 'limit_percentage: 70'))
    const { MainPID: pid } = show(machine, 'tapio.service', 'MainPID')
    machine.ask('systemctl', 'reload', 'tapio.service')
    await seen(() => machine.ask('journalctl', '--no-pager', '--output=cat', '--unit=tapio.service'), 'the configuration was reloaded', 'tapio.service')
    assert.is(show(machine, 'tapio.service', 'MainPID')['MainPID'], pid, 'the same process')
    await sent
    await Promise.race([backend.until(() => ledger.missing === 0), sleep(30_000)])
    const { NRestarts } = show(machine, 'tapio.service', 'NRestarts')
    const totals = ledger.totals()
    console.log(`\nREPORT tapio.service, systemctl kill -s KILL x2, one reload: ${line(totals)}, restarted ${NRestarts} times`)
    assert.equal([totals.lost, totals.acknowledged, NRestarts], [[], 2400, '2'])
    const state = join(machine.root, 'var/lib/tapio')
    assert.ok(readdirSync(join(state, 'queue')).length > 0)
    assert.is(machine.ask('stat', '--format=%U %a', '/var/lib/tapio'), 'tapio 700')
    machine.ask('systemctl', 'stop', 'tapio.service')
    assert.is(show(machine, 'tapio.service', 'Result')['Result'], 'success')
  } finally { await backend.close() }
})

onMachine('a faulty configuration ends it with 78, and it is not tried again', async () => {
  machine.put('/etc/tapio/tapio.yaml', shippedConfig().replace('receivers:', 'recievers:'))
  machine.run('systemctl', 'start', 'tapio.service')
  await active('tapio.service', 'failed')
  const { ExecMainStatus, NRestarts } = show(machine, 'tapio.service', 'ExecMainStatus', 'NRestarts')
  assert.equal([ExecMainStatus, NRestarts], ['78', '0'])
  assert.match(machine.ask('journalctl', '--no-pager', '--output=cat', '--unit=tapio.service'), /unknown section `recievers`/)
})

/** A Tapio of this machine that takes what collectors send, into a file. */
async function server (use: (endpoint: string, events: () => string) => Promise<void>): Promise<void> {
  const port = await freePort()
  const file = join(folder, `events-${port}.jsonl`)
  const config = { receivers: { tapio: { endpoint: `127.0.0.1:${port}` } }, exporters: { file: { path: file, format: 'json' } }, service: { telemetry: { metrics: { enabled: false } }, pipelines: { main: { receivers: ['tapio'], exporters: ['file'] } } } }
  const child = spawn(process.execPath, [join(root, 'dist/core/cli/main.js'), '--config', `yaml:${stringify(config)}`], { stdio: 'ignore' })
  try {
    await use(`127.0.0.1:${port}`, () => { try { return readFileSync(file, 'utf8') } catch { return '' } })
  } finally {
    const gone = new Promise(resolve => child.once('close', resolve))
    child.kill('SIGTERM')
    await gone
  }
}

async function seen (events: () => string, text: string, unit: string): Promise<void> {
  for (const end = Date.now() + 30_000; !events().includes(text); await sleep(50)) {
    if (Date.now() > end) throw new Error(`no ${text}:\n${machine.ask('journalctl', '--no-pager', '--output=cat', '--lines=30', `--unit=${unit}`)}`)
  }
}

/**
 * systemd-nspawn gives a machine a boot id of its own by a mount over /proc; a unit with a /proc of its own sees that of this machine below,
 * and `journalctl --follow`, which shows one boot, nothing. On a machine that is no container both are one.
 */
function sameBoot (unit: string): void {
  machine.put('/run/boot_id', `${machine.ask('cat', '/proc/sys/kernel/random/boot_id')}\n`)
  machine.put(`/etc/systemd/system/${unit}.service.d/boot.conf`, '[Service]\nBindReadOnlyPaths=/run/boot_id:/proc/sys/kernel/random/boot_id\n')
  machine.ask('systemctl', 'daemon-reload')
}

onMachine('tapio-collector@systemd: bus and journal, as its user, without a capability', async () => {
  await server(async (endpoint, events) => {
    machine.put('/etc/tapio/collector.env', `TAPIO_SERVER=${endpoint}\n`)
    sameBoot('tapio-collector@systemd')
    machine.ask('systemctl', 'start', 'tapio-collector@systemd.service')
    const log = (): string => machine.ask('journalctl', '--no-pager', '--output=cat', '--unit=tapio-collector@systemd.service')
    await seen(log, 'listening to systemd', 'tapio-collector@systemd.service')
    await seen(log, 'reading the journal', 'tapio-collector@systemd.service')
    machine.write('victim.service', '[Service]\nExecStart=/bin/sh -c "exit 42"\n')
    machine.run('systemctl', 'daemon-reload')
    machine.run('systemctl', 'start', 'victim.service')
    machine.run('sh', '-c', 'echo "<3>a line of the journal" | systemd-cat -t numbered')
    await seen(events, 'unit_failed', 'tapio-collector@systemd.service')
    await seen(events, 'a line of the journal', 'tapio-collector@systemd.service')
    const { Uid, CapEff } = privileges(machine, 'tapio-collector@systemd.service')
    assert.equal([Uid?.split('\t')[0], CapEff], [machine.ask('id', '-u', 'tapio'), '0000000000000000'])
    machine.ask('systemctl', 'stop', 'tapio-collector@systemd.service')
  })
})

const onKernel = fault === '' && kernelTestFault() === '' ? test : test.skip
onKernel('tapio-collector@ebpf: the kernel, as its user, with three capabilities', async () => {
  await server(async (endpoint, events) => {
    machine.put('/etc/tapio/collector.env', `TAPIO_SERVER=${endpoint}\n`)
    machine.ask('systemctl', 'start', 'tapio-collector@ebpf.service')
    await seen(() => machine.ask('journalctl', '--no-pager', '--output=cat', '--unit=tapio-collector@ebpf.service'), 'watching the kernel', 'tapio-collector@ebpf.service')
    machine.run('/bin/true')
    await seen(events, '"name":"exec"', 'tapio-collector@ebpf.service')
    const { Uid, CapEff } = privileges(machine, 'tapio-collector@ebpf.service')
    // CAP_SYS_PTRACE 19, CAP_PERFMON 38, CAP_BPF 39.
    assert.equal([Uid?.split('\t')[0], BigInt(`0x${CapEff}`)], [machine.ask('id', '-u', 'tapio'), 1n << 19n | 1n << 38n | 1n << 39n])
    machine.ask('systemctl', 'stop', 'tapio-collector@ebpf.service')
  })
})

test.run()
