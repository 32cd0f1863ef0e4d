/**
 * What the program itself takes: `tapio` as people start it, `ebpf` with its defaults to a file, idle and while processes come and
 * go and connections are refused; and a `tapio` that watches nothing, for what of it is not the receiver's.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort, launchTapio, type Running } from '../../peers/launch.js'
import { cpuSeconds, memoryMiB } from '../collector/process-stats.js'
import { printTable, type Report } from '../report.js'

const settleMs = 5000
const windowMs = 20_000
const defaults = 'cgroup, process, memory, network'

interface Used { readonly cpuPercent: number, readonly rssMiB: number, readonly records: number, readonly lost: number, readonly limited: number }

export async function cost (report: Report): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'tapio-cost-'))
  try {
    const rows = [['tapio with', 'machine', 'CPU % of a core', 'RSS MiB', 'records/s', 'lost', 'rate limited']]
    const row = (name: string, machine: string, u: Used): void => { rows.push([name, machine, u.cpuPercent.toFixed(2), u.rssMiB.toFixed(0), (u.records / windowMs * 1000).toFixed(0), String(u.lost), String(u.limited)]) }
    await withTapio({ otlp: { protocols: { http: { endpoint: '127.0.0.1:0' } } } }, directory, async (tapio, metrics) => { row('an otlp receiver nobody talks to', 'idle', await window(tapio, metrics)) })
    await withTapio({ ebpf: { raw_store: { directory: join(directory, 'raw') } } }, directory, async (tapio, metrics) => {
      row(`ebpf: ${defaults}`, 'idle', await window(tapio, metrics))
      const stop = makeBusy()
      row('the same', 'busy', await window(tapio, metrics).finally(stop))
    })
    report(`the whole process, high-performance mode, events to a file, over ${windowMs / 1000} s after ${settleMs / 1000} s`)
    printTable(report, rows)
    report('busy: a shell that starts and awaits /bin/true in a loop, and connections to a closed port, 10 at a time: all of the machine')
  } finally {
    rmSync(directory, { recursive: true })
  }
}

async function withTapio (receivers: Readonly<Record<string, unknown>>, directory: string, use: (tapio: Running, metrics: number) => Promise<void>): Promise<void> {
  const metrics = await freePort()
  const config = {
    receivers,
    exporters: { file: { path: join(directory, 'events') } },
    service: { telemetry: { metrics: { endpoint: `127.0.0.1:${metrics}` } }, pipelines: { main: { receivers: Object.keys(receivers), exporters: ['file'] } } }
  }
  const tapio = await launchTapio('tapio', config, metrics)
  try {
    await use(tapio, metrics)
  } finally {
    await tapio.stop()
  }
}

async function window (tapio: Running, metrics: number): Promise<Used> {
  await new Promise(resolve => setTimeout(resolve, settleMs))
  const [cpu, before, startedMs] = [cpuSeconds(tapio.pid), await kernelCounts(metrics), performance.now()]
  await new Promise(resolve => setTimeout(resolve, windowMs))
  const percent = (cpuSeconds(tapio.pid) - cpu) / (performance.now() - startedMs) * 1e5
  const after = await kernelCounts(metrics)
  return { cpuPercent: percent, rssMiB: memoryMiB(tapio.pid).now, records: after.records - before.records, lost: after.lost - before.lost, limited: after.limited - before.limited }
}

async function kernelCounts (port: number): Promise<Pick<Used, 'records' | 'lost' | 'limited'>> {
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()
  const sum = (series: RegExp): number => [...text.matchAll(series)].reduce((n, m) => n + Number(m[1]), 0)
  return {
    records: sum(/^tapio_kernel_records_total\{.*\} (\d+)/gm),
    lost: sum(/^tapio_kernel_dropped_records_total\{.*reason="(?:ring_full|missed)".*\} (\d+)/gm),
    limited: sum(/^tapio_kernel_dropped_records_total\{.*reason="rate_limited".*\} (\d+)/gm)
  }
}

/** Work for the default hooks; ends with the returned call. */
function makeBusy (): () => Promise<void> {
  const shell = spawn('/bin/sh', ['-c', 'while :; do /bin/true; done'], { stdio: 'ignore' })
  const connects = refusals(10)
  return async () => { connects.stop(); await ended(shell) }
}

function refusals (atOnce: number): { stop (): void } {
  let on = true
  // Port 1 (tcpmux) of loopback: nobody listens there.
  const next = (): void => {
    if (!on) return
    const socket = connect(1, '127.0.0.1').on('error', next).on('connect', () => { socket.destroy() })
  }
  for (let i = 0; i < atOnce; i++) next()
  return { stop: () => { on = false } }
}

async function ended (child: ChildProcess): Promise<void> {
  const gone = once(child, 'exit')
  child.kill('SIGKILL')
  await gone
}
