/** What a process used, from /proc: Linux only, and of every thread. */
import { readFileSync, writeFileSync } from 'node:fs'

/** Ticks a second of /proc/PID/stat: USER_HZ, which is 100 on every Linux that Node runs on. */
const ticksPerSecond = 100

/** User and system time since the process began, its threads' included. */
export function cpuSeconds (pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  // The second field, the name, may hold anything but ends with the last parenthesis; utime and stime are fields 14 and 15.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond
}

export function memoryMiB (pid: number): { readonly now: number, readonly peak: number } {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  const kib = (key: string): number => Number(new RegExp(`^${key}:\\s+(\\d+)`, 'm').exec(status)?.[1] ?? NaN)
  return { now: kib('VmRSS') / 1024, peak: kib('VmHWM') / 1024 }
}

/** Bytes that it gave to the disk since it began, as pages of the cache: what it deleted before they were written back counts, too. */
export function diskBytes (pid: number): number {
  return Number(/^write_bytes: (\d+)/m.exec(readFileSync(`/proc/${pid}/io`, 'utf8'))?.[1] ?? NaN)
}

/** Lets the peak begin anew (man 5 proc, clear_refs). */
export function resetPeak (pid: number): void {
  writeFileSync(`/proc/${pid}/clear_refs`, '5')
}
