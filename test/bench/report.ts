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
 * Seconds one call of `work` takes: the median of `windows` windows of `windowMs`, after a quarter of that as warm-up. A
 * median, because on a shared machine the fastest window is luck and the mean is somebody else's load.
 */
export function secondsPerCall (work: () => void, windows = 5, windowMs = 60): number {
  runWindow(work, windows * windowMs / 4)
  const seconds = Array.from({ length: windows }, () => runWindow(work, windowMs)).sort((a, b) => a - b)
  return seconds[windows >> 1] as number
}

function runWindow (work: () => void, windowMs: number): number {
  const started = performance.now()
  let calls = 0
  let now = started
  for (; now - started < windowMs; now = performance.now(), calls++) work()
  return (now - started) / 1000 / calls
}
