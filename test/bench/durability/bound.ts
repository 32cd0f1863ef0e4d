/** What the machine itself needs for the same bytes: copied in memory, written to a file, forced to the disk. */
import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import type { Report } from '../report.js'
import { printTable, rate } from '../report.js'
import { payloads } from '../collector/payload.js'
import { diskFolder } from './systems.js'

const windowMs = 500
const group = 32

/** Requests a second, by what is done with each. */
export function printBound (report: Report, spansPerRequest: number): void {
  const bodies = payloads(16, spansPerRequest).map(p => p.body)
  const target = Buffer.alloc(group * Math.max(...bodies.map(b => b.length)))
  const bytes = bodies.reduce((n, b) => n + b.length, 0) / bodies.length
  const body = (i: number): Buffer => bodies[i % bodies.length] as Buffer
  const folder = mkdtempSync(join(diskFolder(), 'tapio-bound-'))
  const file = openSync(join(folder, 'bytes'), 'w')
  try {
    const rows: [string, number, (i: number) => void][] = [
      ['memcpy', 1, i => { body(i).copy(target) }],
      ['write', 1, i => { writeSync(file, body(i), 0, body(i).length, 0) }],
      ['write + fdatasync', 1, i => { writeSync(file, body(i), 0, body(i).length); fdatasyncSync(file) }],
      [`write + fdatasync of ${group}`, group, () => { writeSync(file, target); fdatasyncSync(file) }]
    ]
    report(`the same bytes without any program around them, one thread (${bytes.toFixed(0)} bytes a request of ${spansPerRequest} spans)`)
    printTable(report, [['', 'requests/s', 'spans/s', 'MB/s'], ...rows.map(([name, each, act]) => {
      const perSecond = callsPerSecond(act) * each
      return [name, rate(perSecond), rate(perSecond * spansPerRequest), (perSecond * bytes / 1e6).toFixed(0)]
    })])
  } finally {
    closeSync(file)
    rmSync(folder, { recursive: true, force: true })
  }
}

function callsPerSecond (act: (i: number) => void): number {
  let calls = 0
  const startedMs = performance.now()
  while (performance.now() - startedMs < windowMs) act(calls++)
  return calls / (performance.now() - startedMs) * 1000
}
