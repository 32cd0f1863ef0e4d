/** `tapio ebpf status`: what this kernel supports, what is attached, what it costs. */
import Table from 'cli-table3'
import { Option, type Command } from 'commander'
import { kernelStatus, recordName, type HookSupport, type KernelStatus } from '../../native/index.js'
import { parseDuration } from '../config/units.js'
import type { ExitName } from './exit-codes.js'
import type { CommandIo } from './io.js'

interface StatusOptions { readonly output?: string, readonly watch: number }

export function addEbpfCommand (program: Command, io: CommandIo, done: (exit: ExitName) => void): void {
  const watch = new Option('--watch <duration>', 'how long to measure the programs that run').default(1000, '1s')
    .argParser(text => {
      const ms = parseDuration(text)
      if (ms === undefined || ms > 60_000) program.error(`tapio ebpf status: --watch must be a duration of at most 1m, found "${text}"`)
      return ms as number
    })
  program.command('ebpf').description('look at eBPF on this machine').command('status')
    .description('what this kernel supports, what Tapio has attached, counts, drops and cost; as root')
    .addOption(watch).addOption(new Option('-o, --output <format>', 'how to print').choices(['table', 'json']).default('table'))
    .action(async (options: StatusOptions) => done(await showStatus(options, io)))
}

async function showStatus ({ output, watch }: StatusOptions, io: CommandIo): Promise<ExitName> {
  const status = await kernelStatus(watch)
  if (output === 'json') io.out(`${JSON.stringify({ ...status, counters: Object.fromEntries(status.counters) }, null, 2)}\n`)
  else if (status.unavailable !== '') io.err(`Linux ${status.release}: the kernel cannot be watched: ${status.unavailable}\n`)
  else io.out(statusText(status, io.color))
  return status.unavailable === '' ? 'ok' : 'failure'
}

export function statusText (status: KernelStatus, color: boolean): string {
  const style = color ? {} : { head: [], border: [] }
  const hooks = new Table({ head: ['program', 'hook', 'here', 'attached by', 'calls/s', 'ns a call', '% of a CPU', 'missed'], style })
  for (const hook of status.hooks) hooks.push(hookRow(hook, status.watchedMs))
  const records = new Table({ head: ['pid', 'record', 'sent', 'ring_full', 'rate_limited', 'filtered'], style })
  for (const [pid, rows] of status.counters) {
    rows.forEach((r, type) => {
      if (r.sent + r.ring_full + r.rate_limited + r.filtered > 0) records.push([pid, recordName(type) ?? type, r.sent, r.ring_full, r.rate_limited, r.filtered])
    })
  }
  const missing = status.hooks.filter(h => h.unavailable !== '').map(h => `${h.program} ${h.hook}: ${h.unavailable}\n`).join('')
  return `Linux ${status.release}: ${status.hooks.length - status.hooks.filter(h => h.unavailable !== '').length} of ${status.hooks.length} hooks can be used\n${hooks.toString()}\n${missing}${records.length > 0 ? `${records.toString()}\n` : ''}`
}

function hookRow ({ program, hook, unavailable, running }: HookSupport, watchedMs: number): (string | number)[] {
  const sum = (of: (r: HookSupport['running'][number]) => number): number => running.reduce((n, r) => n + of(r), 0)
  const here = unavailable === '' ? 'ok' : 'no'
  if (running.length === 0) return [program, hook, here, '-', '', '', '', '']
  const [runs, ns] = [sum(r => r.runs), sum(r => r.ns)]
  const share = watchedMs === 0 ? 0 : ns / (watchedMs * 1e6) * 100
  return [program, hook, here, running.map(r => `pid ${r.pid}`).join(', '), watchedMs === 0 ? 0 : Math.round(runs / watchedMs * 1000), runs === 0 ? '-' : Math.round(ns / runs), share.toFixed(3), sum(r => r.missed)]
}
