/**
 * The small part of the story's cluster that is made for real, as root: network namespaces of two pods behind one of their nodes,
 * cgroups with memory limits where kubelet would have them, and programs that run in both.
 */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, mkdirSync, rmdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { MemoryCgroup } from '../../../receivers/ebpf/testing/memory-cgroup.js'
import { has, sh } from '../../../receivers/ebpf/testing/namespaces.js'
import { caller, catalogs, cgroupOf, evicted, leaking, mysql, type StoryPod } from './story.js'

const mib = 1 << 20
export const nodeSpace = 'tapio-demo-node'
const spaces = new Map([caller, evicted, leaking, catalogs[0]].map(pod => [pod, `tapio-demo-${pod.role.name}`]))
const service = `ip daddr ${mysql.clusterIp} tcp dport ${mysql.port}`

/** The program of the tools that is missing, or ''. */
export function worldFault (): string {
  return ['ip', 'nft', 'cc'].filter(p => !has(p) && spawnSync(p, ['--version']).error !== undefined).map(p => `${p} is not installed`).join(', ')
}

const inodeOf = (space: string): number => statSync(`/run/netns/${space}`).ino

export class World {
  /** Its name is in the recorded command lines. */
  readonly directory = join(tmpdir(), 'tapio-demo')
  readonly #cgroups: MemoryCgroup[] = []
  readonly #children = new Set<ChildProcess>()

  /** Call in the network namespace of the node: `makeNetwork` before. `source`: of stand-in.c. */
  constructor (source: string) {
    mkdirSync(this.directory, { recursive: true })
    sh('cc', '-O2', '-static', '-o', this.program('nginx'), source)
    copyFileSync(this.program('nginx'), this.program('mysqld'))
  }

  program (name: string): string { return join(this.directory, name) }

  /** By inode of the network namespace: whose node it is. */
  nodes (): ReadonlyMap<number, string> {
    return new Map([...[...spaces].map(([pod, space]) => [inodeOf(space), pod.node] as const), [inodeOf(nodeSpace), caller.node]])
  }

  /** Runs a program as a container of the pod. */
  start (pod: StoryPod, containerId: string, command: readonly string[], env: NodeJS.ProcessEnv = {}): ChildProcess {
    const cgroup = new MemoryCgroup(cgroupOf(pod, containerId), pod.role.limitMib * mib)
    this.#cgroups.push(cgroup)
    // First the namespace: a process of the pod in that of its node would make the node's connections the pod's.
    const child = spawn('nsenter', [`--net=/run/netns/${spaces.get(pod)}`, 'sh', '-c', `${cgroup.join} && exec "$@"`, 'sh', ...command], { cwd: '/', env: { PATH: process.env['PATH'], ...env }, stdio: ['ignore', 'pipe', 'inherit'] })
    this.#children.add(child)
    child.once('close', () => this.#children.delete(child))
    return child
  }

  async close (): Promise<void> {
    await Promise.all([...this.#children].map(async child => {
      child.kill('SIGKILL')
      await once(child, 'close')
    }))
    for (const cgroup of this.#cgroups) removeCgroup(cgroup.path)
    rmSync(this.directory, { recursive: true, force: true })
  }
}

/** From the container up as far as nothing else is in it. */
function removeCgroup (path: string): void {
  for (const mount of ['/sys/fs/cgroup', '/sys/fs/cgroup/unified', '/sys/fs/cgroup/memory']) {
    for (let at = path; at !== '/'; at = dirname(at)) try { rmdirSync(join(mount, at)) } catch { break }
  }
}

/** The node's address on the pod's network. */
export function gatewayOf (pod: StoryPod): string { return pod.ip.replace(/\d+$/, '1') }

/** Pods reach each other through their node, and the database by its Service's address. */
export function makeNetwork (): void {
  for (const name of [nodeSpace, ...spaces.values()]) {
    sh('ip', 'netns', 'add', name)
    sh('ip', '-n', name, 'link', 'set', 'lo', 'up')
  }
  let n = 0
  for (const [pod, space] of spaces) {
    const gateway = gatewayOf(pod)
    sh('ip', 'link', 'add', 'eth0', 'netns', space, 'type', 'veth', 'peer', 'name', `veth${n}`, 'netns', nodeSpace)
    sh('ip', '-n', space, 'addr', 'add', `${pod.ip}/24`, 'dev', 'eth0')
    sh('ip', '-n', nodeSpace, 'addr', 'add', `${gateway}/32`, 'dev', `veth${n}`)
    sh('ip', '-n', space, 'link', 'set', 'eth0', 'up')
    sh('ip', '-n', nodeSpace, 'link', 'set', `veth${n}`, 'up')
    sh('ip', '-n', nodeSpace, 'route', 'add', `${pod.ip}/32`, 'dev', `veth${n++}`)
    sh('ip', '-n', space, 'route', 'add', 'default', 'via', gateway)
  }
  inNode('sh', '-c', 'echo 1 > /proc/sys/net/ipv4/ip_forward')
}

export function removeNetwork (): void { for (const name of [nodeSpace, ...spaces.values()]) spawnSync('ip', ['netns', 'del', name]) }

/**
 * What is done for the database's Service with its one endpoint, or with none: a reset, as OVN-Kubernetes answers; kube-proxy's
 * ICMP message is rate-limited, so that some of its clients wait in vain.
 */
export function serveMysql (hasEndpoint: boolean): void {
  const rule = hasEndpoint
    ? `type nat hook prerouting priority -100\n${service} dnat to ${evicted.ip}:${mysql.port}`
    : `type filter hook prerouting priority -150\n${service} reject with tcp reset`
  inNode('nft', `add table ip services\ndelete table ip services\ntable ip services {\nchain prerouting {\n${rule}\n}\n}`)
}

export function inNode (...command: readonly string[]): void { sh('nsenter', `--net=/run/netns/${nodeSpace}`, ...command) }
