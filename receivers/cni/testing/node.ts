/**
 * A node of this test alone: a network namespace for its bridges, pods that are namespaces, directories as CNI has them, and
 * the real plugins run as a runtime runs them. Debian: containernetworking-plugins, iproute2.
 */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { watch } from './watch.js'

const plugins = '/usr/lib/cni'

/** Why there can be no node here, or ''. */
export function nodeFault (): string {
  if (process.getuid?.() !== 0) return 'not root'
  if (spawnSync('ip', ['-V']).error !== undefined) return 'ip not installed (Debian: iproute2)'
  return existsSync(join(plugins, 'bridge')) ? '' : `no ${plugins}/bridge (Debian: containernetworking-plugins)`
}

export interface Ran { readonly code: number | null, readonly answer: { readonly msg?: string, readonly code?: number } }

export class Node {
  readonly directory = mkdtempSync(join(tmpdir(), 'tapio-cni-'))
  readonly confDir = join(this.directory, 'net.d')
  readonly binDir = join(this.directory, 'bin')
  readonly ipamDir = join(this.directory, 'networks')
  readonly cacheDir = join(this.directory, 'results')
  /** Links to this test's own namespaces: those of others come and go meanwhile. */
  readonly netnsDir = join(this.directory, 'netns')
  readonly name: string
  readonly #spaces: string[] = []

  constructor (readonly id = `${process.pid}`) {
    this.name = `tapio-cni-${id}`
    for (const d of [this.confDir, this.binDir, this.ipamDir, this.cacheDir, this.netnsDir]) mkdirSync(d)
    // Files of their own, so that one can be taken away.
    for (const file of readdirSync(plugins)) symlinkSync(join(plugins, file), join(this.binDir, file))
    this.space('node')
  }

  /** Options of a receiver that watches this node and nothing else that the machine has in files. */
  get options (): Parameters<typeof watch>[0] {
    return { conf_dir: this.confDir, bin_dirs: [this.binDir], ipam_dir: this.ipamDir, cache_dir: this.cacheDir, netns_dirs: [this.netnsDir], processes: false, plugin_runs: { enabled: false } }
  }

  /** Makes a namespace; its name. */
  space (name: string): string {
    const full = `${this.name}-${name}`
    this.ip('netns', 'add', full)
    this.#spaces.push(full)
    symlinkSync(`/run/netns/${full}`, join(this.netnsDir, full))
    return full
  }

  conf (file: string, content: object | string): void {
    writeFileSync(join(this.confDir, file), typeof content === 'string' ? content : JSON.stringify(content))
  }

  /** A bridge network with host-local addresses. */
  network (name: string, subnet: string) {
    return { cniVersion: '0.4.0', name, type: 'bridge', bridge: `br${name}`.slice(0, 15), isGateway: true, ipam: { type: 'host-local', dataDir: this.ipamDir, ranges: [[{ subnet }]] } }
  }

  /** Runs a plugin for a pod, as a runtime does. */
  async run (command: string, conf: { readonly type: string }, pod: string): Promise<Ran> {
    const env = {
      PATH: process.env['PATH'], CNI_COMMAND: command, CNI_CONTAINERID: pod, CNI_NETNS: `/run/netns/${this.name}-${pod}`, CNI_IFNAME: 'eth0', CNI_PATH: this.binDir,
      CNI_ARGS: `IgnoreUnknown=1;K8S_POD_NAMESPACE=shop;K8S_POD_NAME=${pod};K8S_POD_UID=uid-${pod}`
    }
    const child = spawn('ip', ['netns', 'exec', `${this.name}-node`, join(this.binDir, conf.type)], { env, stdio: ['pipe', 'pipe', 'inherit'] })
    let text = ''
    child.stdout.on('data', (d: Buffer) => { text += d.toString() })
    // One that cannot be started reads nothing.
    child.stdin.on('error', () => undefined).end(JSON.stringify(conf))
    const [code] = await once(child, 'close') as [number | null]
    return { code, answer: JSON.parse(text || '{}') as Ran['answer'] }
  }

  /** A pod with a network. */
  async pod (name: string, conf: { readonly type: string }): Promise<void> {
    this.space(name)
    const { code, answer } = await this.run('ADD', conf, name)
    if (code !== 0) throw new Error(`ADD ${name}: ${answer.msg}`)
  }

  ip (...args: string[]): void {
    const { status, stderr } = spawnSync('ip', args, { encoding: 'utf8' })
    if (status !== 0) throw new Error(`ip ${args.join(' ')}: ${stderr}`)
  }

  /** Takes a namespace away without a DEL, as a crash does. */
  lose (name: string): void {
    this.ip('netns', 'del', `${this.name}-${name}`)
    unlinkSync(join(this.netnsDir, `${this.name}-${name}`))
  }

  /** Takes a plugin away; called again, gives it back. */
  plugin (name: string, there: boolean): void {
    if (there) symlinkSync(join(plugins, name), join(this.binDir, name))
    else unlinkSync(join(this.binDir, name))
  }

  close (): void {
    for (const name of this.#spaces) spawnSync('ip', ['netns', 'del', name])
    rmSync(this.directory, { recursive: true, force: true })
  }
}
