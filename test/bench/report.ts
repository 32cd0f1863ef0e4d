/** What every bench prints: the machine, then aligned tables. Figures mean nothing without the first. */
import { cpus, totalmem } from 'node:os'

/** Where a bench writes its lines: the terminal, or a collector that keeps them. */
export type Report = (line: string) => void

export function printMachine (report: Report): void {
  const models = cpus()
  report(`machine: ${models[0]?.model.trim() ?? 'unknown CPU'}, ${models.length} cores, ${(totalmem() / 2 ** 30).toFixed(1)} GiB, node ${process.versions.node}, v8 ${process.versions.v8}`)
}

/** Columns aligned by their widest cell: the first to the left, the others (figures) to the right. */
export function printTable (report: Report, rows: readonly (readonly string[])[]): void {
  const widths = (rows[0] ?? []).map((_, i) => Math.max(...rows.map(row => row[i]?.length ?? 0)))
  for (const row of rows) report(row.map((cell, i) => i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)).join('  '))
}

/** 1234567 as `1.23M`, 45600 as `46k`. */
export function rate (perSecond: number): string {
  if (perSecond >= 1e6) return `${(perSecond / 1e6).toFixed(perSecond >= 1e7 ? 1 : 2)}M`
  return perSecond >= 1e4 ? `${(perSecond / 1e3).toFixed(0)}k` : perSecond.toFixed(0)
}

/**
 * Seconds of CPU one call of `work` takes (all threads of the process, so the garbage collector's too): the median of
 * `windows` windows of `windowMs`, after a warm-up of as much as one. CPU time, because on a shared machine the wall clock
 * measures the neighbours; a median, because the fastest window is luck.
 */
export function secondsPerCall (work: () => void, windows = 5, windowMs = 50): number {
  runWindow(work, windowMs)
  const seconds = Array.from({ length: windows }, () => runWindow(work, windowMs)).sort((a, b) => a - b)
  return seconds[windows >> 1] as number
}

/** The clock is read about a hundred times a window: each reading is a system call. */
function runWindow (work: () => void, windowMs: number): number {
  const started = process.cpuUsage()
  let calls = 0
  for (let step = 1, spentMs = 0; spentMs < windowMs; spentMs = cpuMs(started)) {
    const before = spentMs
    for (let i = 0; i < step; i++) work()
    calls += step
    if (cpuMs(started) - before < windowMs / 100) step *= 2
  }
  return cpuMs(started) / 1000 / calls
}

function cpuMs (started: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(started)
  return (user + system) / 1000
}
