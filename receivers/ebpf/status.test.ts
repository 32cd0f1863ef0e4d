import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { kernelTestFault } from '../../native/testing/kernel.js'
import { countersText, ebpfStatus, runningText } from './status.js'

test('what runs is said with its cost, and what became of the records', () => {
  const running = [{ pid: 77, runs: 1000, ns: 20_000_000, missed: 4 }, { pid: 78, runs: 0, ns: 0, missed: 0 }]
  assert.is(runningText({ running }, 2000), 'pid 77: 500 calls/s of 20000 ns, 1.000 % of a CPU, 4 missed; pid 78: no calls')
  assert.is(runningText({ running: [] }, 2000), '')
  const none = { sent: 0, ring_full: 0, rate_limited: 0, filtered: 0 }
  assert.is(countersText([none, { ...none, sent: 3, ring_full: 2 }, none, { ...none, filtered: 1 }]), 'oom_kill 3 sent, 2 ring_full; exec 1 filtered')
  assert.is(countersText([none]), 'none yet')
})

const fault = kernelTestFault()
if (fault !== '') console.log(`SKIP the status of this kernel: ${fault}`)
const onKernel = fault === '' ? test : test.skip

onKernel('what another process has attached is found, hook by hook', async () => {
  const child = spawn(process.execPath, ['dist/native/testing/hold-session.js'], { stdio: ['ignore', 'pipe', 'inherit'] })
  try {
    await once(child.stdout, 'data')
    const status = await ebpfStatus()
    assert.ok(status.usable)
    assert.is(status.parts.length, 17)
    const attached = status.parts.filter(p => p.why.includes(`pid ${child.pid}: `)).map(p => p.name).sort()
    assert.equal(attached, ['cgroup_mkdir', 'cgroup_rmdir', 'mark_victim', 'mm_vmscan_direct_reclaim_begin', 'mm_vmscan_direct_reclaim_end', 'mm_vmscan_memcg_reclaim_begin', 'mm_vmscan_memcg_reclaim_end'])
    assert.ok(status.facts[`records of pid ${child.pid}`] !== undefined)
  } finally {
    child.kill('SIGKILL')
    await once(child, 'close')
  }
})

const cannotDrop = fault || (spawnSync('setpriv', ['--version']).error === undefined ? '' : 'setpriv is not installed')
const unprivileged = cannotDrop === '' ? test : test.skip

unprivileged('without privileges the command says what is missing and fails', () => {
  const { status, stdout } = spawnSync('setpriv', ['--reuid=65534', '--regid=65534', '--clear-groups', process.execPath, 'dist/core/cli/main.js', 'ebpf', 'status'], { encoding: 'utf8' })
  assert.is(status, 1)
  assert.match(stdout, /^the kernel cannot be watched: needs CAP_BPF and CAP_PERFMON, or root; this process lacks CAP_BPF and CAP_PERFMON\n/)
})

test.run()
