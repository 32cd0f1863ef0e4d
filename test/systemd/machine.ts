/**
 * A real systemd with its own bus and journald: this machine's /usr, started by systemd-nspawn over an empty root in memory.
 * Boots in about half a second; leaves nothing behind.
 */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, readFileSync, readdirSync, rmdirSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** Why there can be no such machine here; '' when there can. */
export function machineFault (): string {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'needs root'
  const missing = [['systemd-nspawn', 'systemd-container'], ['journalctl', 'systemd'], ['dbus-daemon', 'dbus'], ['nsenter', 'util-linux']].find(([program]) => spawnSync(program as string, ['--version']).error !== undefined)
  if (missing !== undefined) return `needs ${missing[0]} (Debian package ${missing[1]})`
  return existsSync('/lib/systemd/systemd') ? '' : 'needs /lib/systemd/systemd (Debian package systemd-sysv)'
}

const bootMs = 30_000
let machines = 0

export interface MachineOptions {
  /** Folders of this machine that are seen inside, at the same place, read-only. */
  readonly binds?: readonly string[]
  /** This machine's own network instead of none. */
  readonly hostNetwork?: boolean
  /** More than a container usually has. */
  readonly capabilities?: readonly string[]
  readonly systemCalls?: readonly string[]
}

export class Machine {
  readonly name = `tapio-${process.pid}-${++machines}`
  #nspawn: ChildProcess | undefined
  #said = ''
  #closed: Promise<void> = Promise.resolve()
  /** Process 1 of the machine, as seen from here. */
  leader = 0

  get root (): string { return `/proc/${this.leader}/root` }
  get busAddress (): string { return `unix:path=${this.root}/run/dbus/system_bus_socket` }
  get journal (): string { return `${this.root}/run/log/journal` }

  constructor (readonly options: MachineOptions = {}) {}

  static async boot (options: MachineOptions = {}): Promise<Machine> {
    const machine = new Machine(options)
    try { await machine.#boot() } catch (error) { await machine.stop(); throw error }
    return machine
  }

  /** A unit file below /run/systemd/system. */
  write (unit: string, text: string): void {
    const directory = join(this.root, 'run/systemd/system')
    mkdirSync(directory, { recursive: true })
    writeFileSync(join(directory, unit), text)
  }

  /** A file anywhere inside. */
  put (path: string, text: string, mode = 0o644): void {
    mkdirSync(dirname(join(this.root, path)), { recursive: true })
    writeFileSync(join(this.root, path), text, { mode })
    chmodSync(join(this.root, path), mode)
  }

  /** What a program prints inside; throws with that when it ends with another code than 0. */
  ask (...command: readonly string[]): string {
    const { error, status, stdout, stderr } = spawnSync('nsenter', ['--target', String(this.leader), '--all', ...command], { timeout: 60_000, encoding: 'utf8' })
    if (error !== undefined) throw error
    if (status !== 0) throw new Error(`${command.join(' ')} ended with ${status}: ${stdout}${stderr}`)
    return stdout.trim()
  }

  /** Runs a program inside; its exit code is no fault: `systemctl start` of a unit that fails has one. */
  run (...command: readonly string[]): void {
    const { error } = spawnSync('nsenter', ['--target', String(this.leader), '--all', ...command], { timeout: 60_000, stdio: 'ignore' })
    if (error !== undefined) throw error
  }

  async stop (): Promise<void> {
    if (this.leader !== 0) {
      // SIGRTMIN+4: power off, systemd(1).
      spawnSync('kill', ['-s', 'RTMIN+4', String(this.leader)])
      await Promise.race([this.#closed, new Promise(resolve => setTimeout(resolve, 10_000))])
    }
    this.#nspawn?.kill('SIGKILL')
    await this.#closed
    try { rmdirSync(`/run/systemd/nspawn/propagate/${this.name}`) } catch { /* this version left nothing */ }
  }

  async #boot (): Promise<void> {
    const { binds = [], hostNetwork = false, capabilities = [], systemCalls = [] } = this.options
    const child = spawn('systemd-nspawn', [
      '--quiet', '--directory=/', '--volatile=yes', '--boot', '--register=no', '--keep-unit', '--console=pipe', '--link-journal=no', `--machine=${this.name}`,
      ...hostNetwork ? [] : ['--private-network'], ...binds.map(path => `--bind-ro=${path}`),
      ...capabilities.length === 0 ? [] : [`--capability=${capabilities.join(',')}`], ...systemCalls.length === 0 ? [] : [`--system-call-filter=${systemCalls.join(' ')}`]
    ], { stdio: ['ignore', 'pipe', 'pipe'] })
    this.#nspawn = child
    this.#closed = new Promise(resolve => { child.on('error', () => { resolve() }); child.on('close', () => { resolve() }) })
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => { this.#said = (this.#said + chunk.toString()).slice(-4096) })
    for (const end = Date.now() + bootMs; !this.#isUp(child.pid as number);) {
      if (Date.now() > end || child.exitCode !== null) throw new Error(`the machine did not boot: ${this.#said}`)
      await new Promise(resolve => setTimeout(resolve, 20))
    }
  }

  #isUp (pid: number): boolean {
    try {
      const [leader] = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ')
      if (leader === undefined || leader === '') return false
      this.leader = Number(leader)
      return statSync(`${this.root}/run/dbus/system_bus_socket`).isSocket() && readdirSync(this.journal).length > 0 && this.#answers()
    } catch { return false }
  }

  #answers (): boolean {
    return spawnSync('busctl', [`--address=${this.busAddress}`, 'get-property', 'org.freedesktop.systemd1', '/org/freedesktop/systemd1', 'org.freedesktop.systemd1.Manager', 'Version'], { timeout: 5000 }).status === 0
  }
}
