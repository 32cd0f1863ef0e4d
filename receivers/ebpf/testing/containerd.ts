/**
 * A containerd of this test alone, driven over CRI as kubelet does: root, state and socket in a directory of its own, an image
 * made of the static busybox; pods are in containerd's own network unless CNI is told of. Debian: containerd, runc, busybox-static.
 */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Client, credentials } from '@grpc/grpc-js'
import protobuf from 'protobufjs'
import { sh } from './namespaces.js'

const image = 'tapio.test/busybox:1'
const busybox = '/usr/bin/busybox'
/** NamespaceMode of CRI: pods with a network namespace of their own, or in the node's. */
const [podNetwork, nodeNetwork] = [{ network: 0 }, { network: 2 }]

/** Why there can be no containerd here, or ''. */
export function containerdFault (): string {
  const missing = ['containerd', 'runc', 'ctr'].filter(program => spawnSync(program, ['--version']).error !== undefined)
  if (missing.length > 0) return `${missing.join(', ')} not installed (Debian: containerd, runc)`
  if (!existsSync(busybox)) return 'busybox not installed (Debian: busybox-static)'
  return spawnSync('ldd', [busybox], { encoding: 'utf8' }).status === 0 ? 'busybox is not static (Debian: busybox-static)' : ''
}

export interface Pod { readonly sandboxId: string, readonly uid: string, readonly cgroup: string, readonly config: object }
/** Pods get networks by CNI; containerd runs in the network namespace `netns`, so that no bridge is made in the machine's own. */
export interface Cni { readonly netns: string, readonly confDir: string, readonly binDir: string }
export interface Status { readonly state: number, readonly exitCode: number, readonly reason: string }

export class Containerd {
  readonly directory = mkdtempSync(join(tmpdir(), 'tapio-ctd-'))
  /** First part of all cgroup paths, so that they can be found and removed. */
  readonly cgroupRoot = `tapio-test-${process.pid}`
  readonly #types = protobuf.parse(readFileSync(fileURLToPath(new URL('./cri.proto', import.meta.url)), 'utf8')).root.lookup('runtime.v1') as protobuf.Namespace
  readonly #socket = join(this.directory, 'c.sock')
  readonly #client = new Client(`unix:${this.#socket}`, credentials.createInsecure())
  readonly #child: ChildProcess
  readonly #sandboxes: string[] = []
  #log = ''

  private constructor (readonly cni?: Cni) {
    const config = join(this.directory, 'config.toml')
    writeFileSync(config, configuration(this.directory, this.#socket, cni))
    // Not `ip netns exec`, which mounts another /sys, without cgroups.
    const within = cni === undefined ? [] : ['nsenter', `--net=/run/netns/${cni.netns}`]
    const [program = '', ...args] = [...within, 'containerd', '-c', config]
    this.#child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'], detached: true })
    this.#child.stderr?.on('data', (d: Buffer) => { this.#log = (this.#log + d.toString()).slice(-20_000) })
  }

  static async start (cni?: Cni): Promise<Containerd> {
    const containerd = new Containerd(cni)
    try {
      await containerd.#ready()
      containerd.#makeImage()
      return containerd
    } catch (error) {
      const log = containerd.#log
      await containerd.stop()
      throw new Error(`${(error as Error).message}\ncontainerd said:\n${log}`)
    }
  }

  /** A pod as kubelet makes it with the cgroupfs driver. */
  async runPod (uid: string, name = 'shop', attempt = 0): Promise<Pod> {
    const cgroup = `/${this.cgroupRoot}/kubepods/burstable/pod${uid}`
    const config = { metadata: { name, uid, namespace: 'default', attempt }, linux: { cgroupParent: cgroup, securityContext: { namespaceOptions: this.#network } } }
    const { podSandboxId } = await this.#call<{ podSandboxId: string }>('RunPodSandbox', { config })
    this.#sandboxes.push(podSandboxId)
    return { sandboxId: podSandboxId, uid, cgroup, config }
  }

  /** Ends its containers and gives its address back. */
  async removePod ({ sandboxId }: Pod): Promise<void> {
    await this.#call('StopPodSandbox', { podSandboxId: sandboxId })
    await this.#call('RemovePodSandbox', { podSandboxId: sandboxId })
  }

  /** Starts a container; its id. */
  async runContainer (pod: Pod, command: readonly string[], memoryBytes: number): Promise<string> {
    const config = { metadata: { name: 'app', attempt: 0 }, image: { image }, command, linux: { resources: { memoryLimitInBytes: memoryBytes }, securityContext: { namespaceOptions: this.#network } } }
    const { containerId } = await this.#call<{ containerId: string }>('CreateContainer', { podSandboxId: pod.sandboxId, config, sandboxConfig: pod.config })
    await this.#call('StartContainer', { containerId })
    return containerId
  }

  async status (containerId: string): Promise<Status> {
    return (await this.#call<{ status: Status }>('ContainerStatus', { containerId })).status
  }

  /** Directories of the cgroup `path` in all hierarchies that have it. */
  directoriesOf (path: string): string[] {
    return ['', ...readdirSync('/sys/fs/cgroup')].map(h => join('/sys/fs/cgroup', h, path)).filter(existsSync)
  }

  async stop (): Promise<void> {
    for (const podSandboxId of this.#sandboxes) await this.#call('RemovePodSandbox', { podSandboxId }).catch(() => undefined)
    this.#client.close()
    if (this.#child.exitCode === null) {
      this.#child.kill('SIGTERM')
      await once(this.#child, 'exit')
    }
    for (const directory of this.directoriesOf(this.cgroupRoot)) removeCgroups(directory)
    rmSync(this.directory, { recursive: true, force: true })
  }

  get #network (): object { return this.cni === undefined ? nodeNetwork : podNetwork }

  /** Answers when it does; fails when it has ended or after 30 s. */
  async #ready (): Promise<void> {
    for (const endMs = Date.now() + 30_000; ;) {
      try { await this.#call('Version', { version: 'v1' }, 1000); return } catch (error) {
        if (this.#child.exitCode !== null || Date.now() > endMs) throw error
        await new Promise(resolve => setTimeout(resolve, 50))
      }
    }
  }

  /** As a file of `docker save`: one layer with one program. */
  #makeImage (): void {
    const at = join(this.directory, 'image')
    mkdirSync(join(at, 'layer/bin'), { recursive: true })
    copyFileSync(busybox, join(at, 'layer/bin/busybox'))
    sh('tar', '-C', join(at, 'layer'), '-cf', join(at, 'layer.tar'), 'bin')
    const digest = createHash('sha256').update(readFileSync(join(at, 'layer.tar'))).digest('hex')
    writeFileSync(join(at, 'config.json'), JSON.stringify({ architecture: process.arch === 'x64' ? 'amd64' : process.arch, os: 'linux', config: { Entrypoint: ['/bin/busybox', 'sleep', '1000000'] }, rootfs: { type: 'layers', diff_ids: [`sha256:${digest}`] } }))
    writeFileSync(join(at, 'manifest.json'), JSON.stringify([{ Config: 'config.json', RepoTags: [image], Layers: ['layer.tar'] }]))
    sh('tar', '-C', at, '-cf', join(at, 'image.tar'), 'manifest.json', 'config.json', 'layer.tar')
    sh('ctr', '-a', this.#socket, '-n', 'k8s.io', 'images', 'import', '--snapshotter', 'native', join(at, 'image.tar'))
  }

  #call<T> (method: string, request: object, timeoutMs = 60_000): Promise<T> {
    const rpc = (this.#types.lookup('RuntimeService') as protobuf.Service).methods[method] as protobuf.Method
    const [requestType, responseType] = [this.#types.lookupType(rpc.requestType), this.#types.lookupType(rpc.responseType)]
    return new Promise((resolve, reject) => {
      this.#client.makeUnaryRequest(`/runtime.v1.RuntimeService/${method}`,
        (value: object) => Buffer.from(requestType.encode(requestType.fromObject(value)).finish()),
        bytes => responseType.toObject(responseType.decode(bytes), { defaults: true, longs: Number }) as T,
        request, { deadline: Date.now() + timeoutMs },
        (error, value) => { if (error !== null) reject(new Error(`${method}: ${error.message}`)); else resolve(value as T) })
    })
  }
}

/** Without CAP_SYS_RESOURCE, as in CI's containers, oom_score_adj cannot be lowered; AppArmor is not there. */
function configuration (directory: string, socket: string, { binDir, confDir }: Pick<Cni, 'binDir' | 'confDir'> = { binDir: `${directory}/cni`, confDir: `${directory}/cni.d` }): string {
  return `version = 2
root = "${directory}/root"
state = "${directory}/state"
[grpc]
  address = "${socket}"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "${image}"
  restrict_oom_score_adj = true
  disable_apparmor = true
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "native"
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "${binDir}"
    conf_dir = "${confDir}"
`
}

/** Deepest first; one that still has a process stays. */
function removeCgroups (directory: string): void {
  for (const entry of readdirSync(directory, { withFileTypes: true })) if (entry.isDirectory()) removeCgroups(join(directory, entry.name))
  try { rmdirSync(directory) } catch {} // in use: the run that left a process there shows it
}
