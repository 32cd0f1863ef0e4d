/** A process that makes known numbers of getppid() calls when told to: the measure for records and for what hooks cost. */
import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

export interface Round { readonly calls: number, readonly perSecond: number }

export interface Caller {
  readonly pid: number
  /** Lets it go on to its next round; nanoseconds that the calls took, by the clock and of CPU. It ends after the last one. */
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

/** A number is a round of so many calls, as fast as they go. */
export function startCaller (...rounds: readonly (number | Round)[]): Caller {
  const child = spawn(program(), rounds.map(r => typeof r === 'number' ? String(r) : `${r.calls}@${r.perSecond}`), { stdio: ['pipe', 'pipe', 'inherit'] })
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]()
  return {
    pid: child.pid as number,
    async run () {
      child.stdin.write('x')
      const { value, done } = await lines.next()
      if (done === true) throw new Error('getppid: no round is left')
      const [wallNs, cpuNs] = value.split(' ').map(Number) as [number, number]
      return { wallNs, cpuNs }
    }
  }
}
