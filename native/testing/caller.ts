/** A process that makes a known number of getppid() calls when told to: the measure for records and for what hooks cost. */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface Caller {
  readonly pid: number
  /** Lets it go; nanoseconds that its calls took, by the clock and of CPU. */
  run (): Promise<{ readonly wallNs: number, readonly cpuNs: number }>
}

let compiled = ''

/** Compiled once a process from native/testing/getppid.c. */
function program (): string {
  if (compiled !== '') return compiled
  const directory = mkdtempSync(join(tmpdir(), 'tapio-getppid-'))
  process.on('exit', () => { rmSync(directory, { recursive: true, force: true }) })
  const path = join(directory, 'getppid')
  const { status, stderr } = spawnSync('cc', ['-O2', '-o', path, 'native/testing/getppid.c'], { encoding: 'utf8' })
  if (status !== 0) throw new Error(`cc: ${stderr}`)
  return (compiled = path)
}

export function startCaller (calls: number): Caller {
  const child = spawn(program(), [String(calls)], { stdio: ['pipe', 'pipe', 'inherit'] })
  let output = ''
  child.stdout.on('data', (d: Buffer) => { output += d.toString() })
  return {
    pid: child.pid as number,
    async run () {
      child.stdin.end('x')
      await once(child, 'close')
      const [wallNs, cpuNs] = output.trim().split(' ').map(Number) as [number, number]
      return { wallNs, cpuNs }
    }
  }
}
