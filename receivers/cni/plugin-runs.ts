/**
 * Runs of plugins, seen by the kernel's `process` program: exec gives the file, exit the code and the time it took. For whom it ran is
 * in its environment (CNI_COMMAND, CNI_CONTAINERID, CNI_NETNS, CNI_IFNAME, CNI_ARGS), readable while it runs.
 * What it answered goes to the runtime alone, and stays unknown.
 */
import { readFileSync, realpathSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { filterBits, fillSets, KernelSession, readRecord, commandLine, type Filters, type RecordOf } from '../../native/index.js'
import { podOf } from './attachments.js'
import { namesIn } from './directory.js'
import type { Subject } from './subjects.js'

export interface Run {
  readonly plugin: string
  readonly path: string
  readonly pid: number
  /** Of the plugin that ran it: an IPAM plugin is run by another. */
  readonly parent: string
  readonly command: string
  readonly interfaceName: string
  readonly subject: Subject
}

export interface EndedRun extends Run { readonly exitCode: number, readonly exitSignal: number, readonly durationNs: bigint, readonly timeNs: bigint }

/** Plugins at a time, and names: a node starts some dozens of pods at once at most. */
const maxRunning = 1024
const maxNames = 500
const ringBytes = 1 << 18

const commFilter = (names: readonly string[]): Filters => {
  const nothing = { include: [], exclude: [] }
  return { cgroups: nothing, netns: nothing, pids: nothing, comms: { include: names.map(n => n.slice(0, 15)).slice(0, maxNames), exclude: [] } }
}

export class PluginRuns {
  readonly #running = new Map<number, Run>()
  readonly #names = new Set<string>()
  #directories: ReadonlySet<string> = new Set()
  /** Runs that had no room. */
  overflow = 0

  private constructor (readonly session: KernelSession, readonly binDirs: readonly string[], readonly root: string) {}

  /** `binDirs` as plugins' callers know them, `root` before the paths of this process. */
  static open (binDirs: readonly string[], root: string): PluginRuns | { readonly unavailable: string } {
    const names = namesOf(binDirs, root)
    const filters = commFilter(names.length === 0 ? ['host-local'] : names)
    const session = KernelSession.open({ programs: ['process'], ringBytes, settings: () => ({ filters: filterBits(filters) }), prepare: s => { fillSets(s, filters) } })
    if ('unavailable' in session) return session
    const missing = session.hooks.find(h => h.unavailable !== '')
    if (missing !== undefined) {
      session.close()
      return { unavailable: `${missing.hook}: ${missing.unavailable}` }
    }
    const runs = new PluginRuns(session, binDirs, root)
    runs.update()
    return runs
  }

  /** Plugins may have been installed since. */
  update (): void {
    this.#directories = new Set(this.binDirs.flatMap(d => [d, real(join('/', this.root, d))]))
    const added = namesOf(this.binDirs, this.root).filter(n => !this.#names.has(n)).slice(0, maxNames - this.#names.size)
    for (const name of added) this.#names.add(name)
    if (added.length > 0) fillSets(this.session, commFilter(added))
  }

  /** Records that the kernel could not keep. */
  get lost (): number { return this.session.counters().reduce((sum, row) => sum + row.ring_full + row.rate_limited, 0) }

  /** Runs that have ended since the last call. */
  drain (): EndedRun[] {
    const ended: EndedRun[] = []
    for (let drained = this.session.drain(); drained.count > 0; drained = this.session.drain()) {
      for (let i = 0; i < drained.count; i++) {
        const [start, length] = [drained.index[2 * i] as number, drained.index[2 * i + 1] as number]
        const record = readRecord(drained.bytes.subarray(start, start + length))
        if ('fault' in record) continue
        if (record.name === 'exec') this.#began(record)
        if (record.name === 'exit') { const run = this.#ended(record); if (run !== undefined) ended.push(run) }
      }
      if (!drained.more) break
    }
    return ended
  }

  close (): void { this.session.close() }

  #began (record: RecordOf<'exec'>): void {
    const { filename } = commandLine(record)
    // A shell of that name, iproute2's `bridge`: not a plugin.
    if (!this.#directories.has(dirname(filename))) { this.#running.delete(record.pid); return }
    if (this.#running.size >= maxRunning) { this.overflow++; return }
    const environment = environmentOf(join('/', this.root, 'proc', String(record.pid), 'environ'))
    const parent = this.#running.get(record.parent_pid)
    // An IPAM plugin has the environment of the one that runs it: who was met in time tells for both.
    const about = environment.has('CNI_COMMAND') || parent === undefined ? aboutOf(environment) : parent
    if (parent?.command === '') this.#running.set(parent.pid, { ...parent, command: about.command, interfaceName: about.interfaceName, subject: about.subject })
    this.#running.set(record.pid, { plugin: basename(filename), path: filename, pid: record.pid, parent: parent?.plugin ?? '', command: about.command, interfaceName: about.interfaceName, subject: about.subject })
  }

  #ended (record: RecordOf<'exit'>): EndedRun | undefined {
    const run = this.#running.get(record.pid)
    this.#running.delete(record.pid)
    if (run === undefined) return undefined
    return { ...run, exitCode: record.exit_code, exitSignal: record.exit_signal, durationNs: record.duration_ns, timeNs: record.time_ns + this.session.addon.bootOffsetNs() }
  }
}

/** Executables in the plugin directories: what may run. */
function namesOf (binDirs: readonly string[], root: string): string[] {
  return [...new Set(binDirs.flatMap(d => namesIn(join('/', root, d), maxNames) ?? []))]
}

/** /opt/cni/bin may be a link, and the kernel tells the path as it was given. */
function real (path: string): string {
  try { return realpathSync(path) } catch { return path }
}

const maxEnvironment = 64

/** Empty when the process has ended, or is not to be read. */
function environmentOf (path: string): Map<string, string> {
  let text = ''
  try { text = readFileSync(path, 'utf8') } catch {} // gone already
  return parseEnvironment(text)
}

/** The CNI_ variables alone: others may hold secrets. */
export function parseEnvironment (text: string): Map<string, string> {
  return new Map(text.split('\0').filter(line => line.startsWith('CNI_')).slice(0, maxEnvironment).map(line => {
    const at = line.indexOf('=')
    return [at < 0 ? line : line.slice(0, at), at < 0 ? '' : line.slice(at + 1, at + 4097)]
  }))
}

export function aboutOf (environment: ReadonlyMap<string, string>): Pick<Run, 'command' | 'interfaceName' | 'subject'> {
  const args = new Map((environment.get('CNI_ARGS') ?? '').split(';').map(pair => { const [key = '', value = ''] = pair.split('='); return [key, value] }))
  const { podNamespace, podName, podUid } = podOf(args)
  const [containerId, netns] = [environment.get('CNI_CONTAINERID') ?? '', environment.get('CNI_NETNS') ?? '']
  return {
    command: environment.get('CNI_COMMAND') ?? '', interfaceName: environment.get('CNI_IFNAME') ?? '',
    subject: { ...(containerId !== '' && { containerId }), ...(podNamespace !== '' && { podNamespace }), ...(podName !== '' && { podName }), ...(podUid !== '' && { podUid }), ...(netns !== '' && { netns }) }
  }
}
