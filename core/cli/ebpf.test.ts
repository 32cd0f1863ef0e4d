import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { kernelTestFault } from '../../native/testing/kernel.js'
import type { KernelStatus } from '../../native/index.js'
import { statusText } from './ebpf.js'

const main = 'dist/core/cli/main.js'

test('the table says what can be used, who uses it, and what it costs', () => {
  const counters = Array.from({ length: 16 }, () => ({ sent: 0, ring_full: 0, rate_limited: 0, filtered: 0 }))
  counters[1] = { sent: 3, ring_full: 2, rate_limited: 1, filtered: 0 }
  const status: KernelStatus = {
    release: '6.1.0',
    unavailable: '',
    watchedMs: 2000,
    counters: new Map([[77, counters]]),
    hooks: [
      { program: 'memory', hook: 'mark_victim', unavailable: '', running: [{ pid: 77, runs: 1000, ns: 20_000_000, missed: 4 }] },
      { program: 'network', hook: 'tcp_send_reset', unavailable: 'load tcp_send_reset__plain: EACCES: no such argument', running: [] }
    ]
  }
  const lines = statusText(status, false).split('\n')
  assert.is(lines[0], 'Linux 6.1.0: 1 of 2 hooks can be used')
  const cells = (word: string): string[] => (lines.find(l => l.includes(word)) ?? '').split('│').map(c => c.trim()).filter(c => c !== '')
  assert.equal(cells('mark_victim'), ['memory', 'mark_victim', 'ok', 'pid 77', '500', '20000', '1.000', '4'])
  assert.equal(cells('tcp_send_reset'), ['network', 'tcp_send_reset', 'no', '-'])
  assert.ok(lines.includes('network tcp_send_reset: load tcp_send_reset__plain: EACCES: no such argument'))
  assert.equal(cells('oom_kill'), ['77', 'oom_kill', '3', '2', '1', '0'])
})

test('a wrong duration is a wrong command line', () => {
  const { status, stderr } = spawnSync(process.execPath, [main, 'ebpf', 'status', '--watch', 'long'], { encoding: 'utf8' })
  assert.is(status, 2)
  assert.match(stderr, /--watch must be a duration of at most 1m, found "long"/)
})

const fault = kernelTestFault()
if (fault !== '') console.log(`SKIP tapio ebpf status on this kernel: ${fault}`)
const onKernel = fault === '' ? test : test.skip

onKernel('what another process has attached is found', async () => {
  const child = spawn(process.execPath, ['dist/native/testing/hold-session.js'], { stdio: ['ignore', 'pipe', 'inherit'] })
  try {
    await once(child.stdout, 'data')
    const { status, stdout, stderr } = spawnSync(process.execPath, [main, 'ebpf', 'status', '-o', 'json', '--watch', '50ms'], { encoding: 'utf8' })
    assert.is(status, 0, stderr)
    const { hooks, counters } = JSON.parse(stdout) as { hooks: KernelStatus['hooks'], counters: Record<string, unknown[]> }
    const by = (pid: number): string[] => hooks.filter(h => h.running.some(r => r.pid === pid)).map(h => h.hook).sort()
    assert.equal(by(child.pid as number), ['cgroup_mkdir', 'cgroup_rmdir', 'mark_victim', 'mm_vmscan_direct_reclaim_begin', 'mm_vmscan_direct_reclaim_end', 'mm_vmscan_memcg_reclaim_begin', 'mm_vmscan_memcg_reclaim_end'])
    assert.is(counters[String(child.pid)]?.length, 16)
    assert.is(hooks.length, 17)
  } finally {
    child.kill('SIGKILL')
    await once(child, 'close')
  }
})

const cannotDrop = fault || (spawnSync('setpriv', ['--version']).error === undefined ? '' : 'setpriv is not installed')
const unprivileged = cannotDrop === '' ? test : test.skip

unprivileged('without privileges it says what is missing and fails', () => {
  const { status, stderr } = spawnSync('setpriv', ['--reuid=65534', '--regid=65534', '--clear-groups', process.execPath, main, 'ebpf', 'status'], { encoding: 'utf8' })
  assert.is(status, 1)
  assert.match(stderr, /^Linux \S+: the kernel cannot be watched: needs CAP_BPF and CAP_PERFMON, or root; this process lacks CAP_BPF and CAP_PERFMON\n$/)
})

test.run()
