/** The thread that follows runs of plugins: it looks into the kernel's ring every millisecond, however busy the others are. */
import { readlinkSync } from 'node:fs'
import { setPriority } from 'node:os'
import { basename } from 'node:path'
import { parentPort, workerData } from 'node:worker_threads'
import type { PluginThreadBirth, PluginThreadMessage } from './plugin-watch.js'
import { PluginRuns, type EndedRun } from './plugin-runs.js'

const { binDirs, root, pollMs, rescanMs, stop } = workerData as PluginThreadBirth
const say = (message: PluginThreadMessage): void => { parentPort?.postMessage(message) }

/** Few microseconds of work that must not wait behind others; without CAP_SYS_NICE it stays as it is. */
function hurry (): void {
  try { setPriority(Number(basename(readlinkSync('/proc/thread-self'))), -15) } catch {} // misses more when the machine is busy
}

function follow (runs: PluginRuns): void {
  let updatedMs = performance.now()
  const tell = (ended: readonly EndedRun[]): void => { say({ kind: 'runs', ended, lost: runs.lost, overflow: runs.overflow }) }
  do {
    const ended = runs.drain()
    if (ended.length > 0) tell(ended)
    if (performance.now() - updatedMs < rescanMs) continue
    updatedMs = performance.now()
    runs.update()
  } while (Atomics.wait(stop, 0, 0, pollMs) === 'timed-out')
  tell(runs.drain())
  runs.close()
}

const opened = PluginRuns.open(binDirs, root)
if ('unavailable' in opened) say({ kind: 'unavailable', reason: opened.unavailable })
else {
  hurry()
  say({ kind: 'ready' })
  follow(opened)
}
