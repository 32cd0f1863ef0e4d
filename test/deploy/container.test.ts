/**
 * Scenario: the root file system of the shipped image, run by runc with the security contexts, the configurations and the mounts of the shipped
 * manifests: the gateway between a client that keeps a ledger and a backend, killed in between; the node's agent on this kernel.
 * Guarantees: production packages are enough; the gateway runs as 65532 without a capability over a root file system that nobody can write, and
 * loses nothing that it acknowledged; the agent watches the kernel as root with three capabilities; both end in order on SIGTERM.
 * Does not show: the base image of the Dockerfile (this machine's /usr stands for it), Kubernetes, its seccomp profile.
 * Needs root and runc; elsewhere skipped, and it is said why.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { parse, stringify } from 'yaml'
import { kernelTestFault } from '../../native/testing/kernel.js'
import { Backend } from '../faults/delivery/backend.js'
import { sendAll } from '../faults/delivery/client.js'
import { Ledger, line } from '../faults/delivery/ledger.js'
import { containerFault, Image, type ContainerRun } from './image.js'
import { workload } from './manifests.js'
import { freePort } from '../free-port.js'

const fault = containerFault()
if (fault !== '') console.log(`SKIP the image in a container: ${fault}`)
const test = suite('container')
const inContainer = fault === '' ? test : test.skip

let image: Image
const running = new Set<ContainerRun>()
test.before(() => { if (fault === '') image = new Image() })
test.after(async () => {
  for (const run of running) await run.remove()
  if (fault === '') image.remove()
})

function start (...args: Parameters<Image['run']>): ContainerRun {
  const run = image.run(...args)
  running.add(run)
  return run
}

const status = (run: ContainerRun): Record<string, string> => Object.fromEntries(readFileSync(`/proc/${run.pid}/status`, 'utf8').split('\n').map(l => l.split(':\t') as [string, string]))

inContainer('the gateway: not root, nothing to write but its volume, nothing lost over a kill', async () => {
  const { pod, container, config } = workload('gateway')
  const ledger = new Ledger()
  const backend = new Backend(ledger)
  const [backendPort, grpc, http, health] = [await backend.listen(), await freePort(), await freePort(), await freePort()]
  const adapted = config.replace('0.0.0.0:4317', `127.0.0.1:${grpc}`).replace('0.0.0.0:4318', `127.0.0.1:${http}`).replace('0.0.0.0:8888', `127.0.0.1:${health}`)
    .replace('endpoint: https://otel.example:4317', `endpoint: http://127.0.0.1:${backendPort}\n    protocol: http/json\n    timeout: 2s\n    retry_on_failure: {initial_interval: 20ms, max_interval: 200ms}`)
  const secrets = { token: 'a-token-of-the-test' }
  try {
    let run = start({ pod, container, config: adapted, secrets })
    await run.said('tapio is running')
    const { Uid, CapEff, CapBnd, NoNewPrivs } = status(run)
    assert.equal([Uid?.split('\t')[0], CapEff, CapBnd, NoNewPrivs], ['65532', '0000000000000000', '0000000000000000', '1'])
    assert.not.match(run.log, 'exposed')
    const root = `/proc/${run.pid}/root`
    for (const path of ['etc/x', 'opt/tapio/x', 'x', 'usr/x']) assert.throws(() => { writeFileSync(join(root, path), '') }, /EROFS/, path)
    assert.equal((await fetch(`http://127.0.0.1:${health}/readyz`)).status, 200)
    const sent = sendAll({ ledger, port: http, records: 2000, batch: 20, connections: 4, pauseMs: 5, signal: new AbortController().signal })
    backend.behaviour = 'unavailable'
    while (ledger.acknowledged < 600) await sleep(5)
    run.kill('KILL')
    await run.ended
    // The volume is what is left of a pod.
    const { state } = run
    await run.remove()
    running.delete(run)
    run = start({ pod, container, config: adapted, secrets, state })
    backend.behaviour = 'takes'
    await sent
    await Promise.race([backend.until(() => ledger.missing === 0), sleep(30_000)])
    const totals = ledger.totals()
    console.log(`\nREPORT gateway in a container, killed once: ${line(totals)}`)
    assert.equal([totals.lost, totals.acknowledged], [[], 2000])
    run.kill('TERM')
    assert.is(await run.ended, 0, run.log)
  } finally { await backend.close() }
})

const onKernel = fault === '' && kernelTestFault() === '' ? test : test.skip
onKernel('the node\'s agent: the kernel with three capabilities', async () => {
  const { pod, container, config } = workload('node-agent')
  // No API server here to ask for names of pods.
  const { receivers, service } = parse(config) as { receivers: object, service: object }
  const adapted = stringify({
    receivers,
    exporters: { file: { path: '/var/lib/tapio/events.jsonl', format: 'json' } },
    service: { ...service, telemetry: { metrics: { endpoint: '127.0.0.1:0' } }, pipelines: { events: { receivers: ['ebpf'], exporters: ['file'] } } }
  })
  const run = start({ pod, container, config: adapted })
  await run.said('watching the kernel')
  await run.said('tapio is running')
  const { Uid, CapEff } = status(run)
  // CAP_SYS_PTRACE 19, CAP_PERFMON 38, CAP_BPF 39.
  assert.equal([Uid?.split('\t')[0], BigInt(`0x${CapEff}`)], ['0', 1n << 19n | 1n << 38n | 1n << 39n])
  const events = (): string => { try { return readFileSync(join(run.state, 'events.jsonl'), 'utf8') } catch { return '' } }
  for (const end = Date.now() + 30_000; !events().includes('"source":"ebpf"'); await sleep(50)) if (Date.now() > end) throw new Error(run.log)
  run.kill('TERM')
  assert.is(await run.ended, 0, run.log)
})

test.run()
