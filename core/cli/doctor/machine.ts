/** The machine and the process: Node, limits, memory, pressure, the clock. */
import { readFile, access, stat } from 'node:fs/promises'
import { availableParallelism, totalmem } from 'node:os'
import { bytesText } from '../client/figures.js'
import { fault, ok, warning, type Check, type Finding, type Patient } from './finding.js'

export const minNode = [20, 19] as const
const minOpenFiles = 4096
const minMemoryBytes = 256 * 1024 * 1024
/** Share of the last 10 s in which something waited, in percent, from which on a person should know. */
const pressureLimits = { memory: 10, io: 40, cpu: 60 } as const
/** Nothing runs Tapio before it was written. */
const earliestMs = Date.UTC(2026, 0, 1)

export const machineChecks: readonly Check[] = [
  { area: 'machine', name: 'node', run: () => Promise.resolve([nodeVersion(process.versions.node)]) },
  { area: 'machine', name: 'user', run: ({ root }) => userFindings(root) },
  { area: 'machine', name: 'open files', run: ({ root }) => openFiles(root) },
  { area: 'machine', name: 'memory', run: memory },
  { area: 'machine', name: 'cpu', run: ({ root }) => cpu(root) },
  { area: 'machine', name: 'pressure', run: ({ root }) => pressure(root) },
  { area: 'machine', name: 'clock', run: clock }
]

export function nodeVersion (version: string): Finding {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const isOld = major < minNode[0] || (major === minNode[0] && minor < minNode[1])
  return isOld ? fault('node', `${version}; Tapio needs ${minNode.join('.')} or later`, 'Install a newer Node.') : ok('node', version)
}

/** Bits of capabilities(7) that something of Tapio uses. */
const capabilities = { 2: 'CAP_DAC_READ_SEARCH', 12: 'CAP_NET_ADMIN', 19: 'CAP_SYS_PTRACE', 21: 'CAP_SYS_ADMIN', 34: 'CAP_SYSLOG', 38: 'CAP_PERFMON', 39: 'CAP_BPF' } as const

async function userFindings (root: string): Promise<Finding[]> {
  const status = await textOf(`${root}/proc/self/status`)
  const mask = /^CapEff:\s*([0-9a-f]+)/m.exec(status ?? '')?.[1]
  const held = mask === undefined ? [] : Object.entries(capabilities).filter(([bit]) => (BigInt(`0x${mask}`) >> BigInt(bit) & 1n) === 1n).map(([, name]) => name)
  return [ok('user', `uid ${process.geteuid?.() ?? 'unknown'}, ${held.length === 0 ? 'without special capabilities' : `with ${held.join(', ')}`}`)]
}

async function openFiles (root: string): Promise<Finding[]> {
  const [, soft = '', hard = ''] = /^Max open files\s+(\S+)\s+(\S+)/m.exec(await textOf(`${root}/proc/self/limits`) ?? '') ?? []
  if (soft === '') return []
  const found = `${soft} at once (hard limit ${hard})`
  return [soft !== 'unlimited' && Number(soft) < minOpenFiles
    ? warning('open files', found, `Raise it to ${minOpenFiles} or more: LimitNOFILE= of the unit, or \`ulimit -n\`; each connection and watched file takes one.`)
    : ok('open files', found)]
}

async function memory ({ root, prepared }: Patient): Promise<Finding[]> {
  const available = Number(/^MemAvailable:\s+(\d+) kB/m.exec(await textOf(`${root}/proc/meminfo`) ?? '')?.[1] ?? NaN) * 1024
  const limit = await cgroupNumber(root, 'memory.max')
  const used = await cgroupNumber(root, 'memory.current')
  const room = Math.min(...[available, limit === undefined ? NaN : limit - (used ?? 0)].filter(n => !Number.isNaN(n)))
  const found = `${limit === undefined ? `no limit of a cgroup, ${bytesText(totalmem())} in the machine` : `limit of the cgroup ${bytesText(limit)}`}${Number.isFinite(room) ? `, ${bytesText(Math.max(0, room))} free` : ''}`
  const isShort = Number.isFinite(room) && room < minMemoryBytes
  const isLimited = prepared === undefined || prepared.config.pipelines.every(p => p.processors.some(c => c.type === 'memory_limiter'))
  return [
    isShort ? warning('memory', found, `Give it ${bytesText(minMemoryBytes)} or more.`) : ok('memory', found),
    ...(isLimited ? [] : [warning('memory_limiter', 'a pipeline has none', 'Put `memory_limiter` first in each pipeline: when memory is short it asks senders to wait, where the kernel would kill the process.')])
  ]
}

async function cpu (root: string): Promise<Finding[]> {
  const [quota = 'max', period = '100000'] = (await cgroupText(root, 'cpu.max') ?? '').trim().split(/\s+/)
  const cores = availableParallelism()
  if (quota === 'max' || quota === '') return [ok('cpu', `${cores} core${cores === 1 ? '' : 's'}, no limit of a cgroup`)]
  const share = Number(quota) / Number(period)
  const found = `${cores} core${cores === 1 ? '' : 's'}, the cgroup allows ${share.toFixed(2)}`
  return [share < cores / 2 || share < 1
    ? warning('cpu', found, 'Threads are made for the cores of the machine and wait for the quota: raise it, or set `service.max_concurrency` and a mode with fewer threads.')
    : ok('cpu', found)]
}

async function pressure (root: string): Promise<Finding[]> {
  const findings: Finding[] = []
  for (const [name, limit] of Object.entries(pressureLimits)) {
    const average = /^some avg10=([\d.]+)/m.exec(await textOf(`${root}/proc/pressure/${name}`) ?? '')?.[1]
    if (average === undefined) continue
    const found = `${average} % of the last 10 s something waited for ${name}`
    findings.push(Number(average) > limit ? warning(`${name} pressure`, found, `The machine is short of ${name}: see who takes it (\`top\`, \`iotop\`), or run Tapio elsewhere.`) : ok(`${name} pressure`, found))
  }
  return findings.length === 0 ? [ok('pressure', 'this kernel does not tell it (no /proc/pressure)')] : findings
}

/** Files that say that a time daemon has the clock in step, or runs. */
const clockSigns = ['/run/systemd/timesync/synchronized', '/run/chrony/chronyd.pid', '/run/chrony/chronyd.sock', '/run/ntpd.pid', '/var/run/ntpd.pid', '/run/openntpd.sock']

async function clock ({ root, nowMs }: Patient): Promise<Finding[]> {
  const found = `${new Date(nowMs).toISOString().slice(0, 19)} UTC`
  if (nowMs < earliestMs) return [fault('clock', `${found}, before Tapio was written`, 'Set the clock: events would be put in a wrong order, certificates be refused.')]
  const sign = await firstOf(clockSigns.map(path => `${root}${path}`))
  if (sign !== undefined) return [ok('clock', `${found}, kept by ${sign.includes('timesync') ? 'systemd-timesyncd' : sign.includes('chrony') ? 'chrony' : 'ntpd'}`)]
  if (await firstOf([`${root}/.dockerenv`, `${root}/run/.containerenv`]) !== undefined) return [ok('clock', `${found}; in a container it is the host's, which keeps it`)]
  return [warning('clock', `${found}, and nothing seen that keeps it in step`, 'Run a time daemon (chrony, systemd-timesyncd): causes are told from effects by time, over machines.')]
}

async function firstOf (paths: readonly string[]): Promise<string | undefined> {
  for (const path of paths) if (await access(path).then(() => true, () => false)) return path
  return undefined
}

/** Of the innermost cgroup (version 2) that says; undefined: none does. */
async function cgroupText (root: string, file: string): Promise<string | undefined> {
  const own = /^0::(\/.*)$/m.exec(await textOf(`${root}/proc/self/cgroup`) ?? '')?.[1] ?? '/'
  for (let path = own; ; path = path.slice(0, path.lastIndexOf('/'))) {
    const text = await textOf(`${root}/sys/fs/cgroup${path}/${file}`)
    if (text !== undefined && !text.startsWith('max')) return text
    if (path === '' || path === '/') return undefined
  }
}

async function cgroupNumber (root: string, file: string): Promise<number | undefined> {
  const text = await cgroupText(root, file)
  return text === undefined ? undefined : Number(text)
}

export async function textOf (path: string): Promise<string | undefined> { return readFile(path, 'utf8').catch(() => undefined) }

export async function exists (path: string): Promise<boolean> { return stat(path).then(() => true, () => false) }
