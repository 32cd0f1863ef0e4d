/**
 * The shipped image without its registry: the root file system that the Dockerfile's last stage makes, from this build and this machine's
 * /usr (instead of a base image), run by runc with the security context of a manifest. Nothing of it is written but the volumes.
 */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { chownSync, cpSync, existsSync, lstatSync, mkdirSync, mkdtempSync, readFileSync, readlinkSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { parseLockfile } from '../../core/tools/supply-chain/lockfile.js'
import type { Container, PodSpec } from './manifests.js'
import { root } from './units.js'

/** Why there can be no container here; '' when there can. */
export function containerFault (): string {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'needs root'
  if (spawnSync('runc', ['--version']).error !== undefined) return 'needs runc (Debian package runc)'
  return process.execPath.startsWith('/usr/') ? '' : `needs a node below /usr, found ${process.execPath}`
}

export interface Run {
  readonly pod: PodSpec
  readonly container: Container
  /** /etc/tapio/tapio.yaml. */
  readonly config: string
  /** Below /etc/tapio/backend. */
  readonly secrets?: Readonly<Record<string, string>>
  /** A volume that an earlier one wrote; a fresh one otherwise. */
  readonly state?: string
}

let runs = 0

/** ENTRYPOINT and CMD. */
function command (): string[] {
  const text = readFileSync(join(root, 'configs/deploy/container/Dockerfile'), 'utf8')
  const list = (word: string): string[] => JSON.parse(new RegExp(`^${word} (\\[.*\\])$`, 'm').exec(text)?.[1] ?? '[]') as string[]
  const [node, ...rest] = [...list('ENTRYPOINT'), ...list('CMD')]
  if (node !== '/usr/local/bin/node') throw new Error(`the Dockerfile starts ${node}`)
  return [process.execPath, ...rest]
}

export class Image {
  readonly folder = mkdtempSync(join(tmpdir(), 'tapio-image-'))
  readonly rootfs = join(this.folder, 'rootfs')

  constructor () {
    for (const name of ['usr', 'etc/tapio/backend', 'proc', 'sys', 'dev', 'tmp', 'var/lib/tapio', 'opt/tapio/dist', 'host/proc', 'host/sys/fs/cgroup', 'run']) mkdirSync(join(this.rootfs, name), { recursive: true })
    for (const name of ['bin', 'sbin', 'lib', 'lib64']) if (existsSync(`/${name}`) && lstatSync(`/${name}`).isSymbolicLink()) symlinkSync(readlinkSync(`/${name}`), join(this.rootfs, name))
    cpSync(join(root, 'package.json'), join(this.rootfs, 'opt/tapio/package.json'))
    // `npm prune --omit=dev`: what the lockfile marks for production, and nothing that only the build needed.
    const { packages } = parseLockfile(readFileSync(join(root, 'package-lock.json'), 'utf8'), [])
    for (const { path } of packages.filter(p => p.shipped && existsSync(join(root, p.path)))) {
      if (path.indexOf('node_modules/', 1) > 0) continue
      mkdirSync(dirname(join(this.rootfs, 'opt/tapio', path)), { recursive: true })
      spawnSync('cp', ['-rl', join(root, path), join(this.rootfs, 'opt/tapio', path)])
    }
  }

  /** Starts it; `log` is what it says. */
  run ({ pod, container, config, secrets = {}, state }: Run): ContainerRun {
    const id = `tapio-test-${process.pid}-${++runs}`
    const bundle = join(this.folder, id)
    const [uid, gid] = [container.securityContext.runAsUser ?? pod.securityContext.runAsUser ?? 0, container.securityContext.runAsGroup ?? pod.securityContext.runAsGroup ?? 0]
    const volume = state ?? join(bundle, 'state')
    for (const path of [join(bundle, 'etc/backend'), volume]) mkdirSync(path, { recursive: true })
    chownSync(volume, uid, gid)
    writeFileSync(join(bundle, 'etc/tapio.yaml'), config)
    for (const [name, text] of Object.entries(secrets)) {
      writeFileSync(join(bundle, 'etc/backend', name), text, { mode: 0o440 })
      // As fsGroup does.
      chownSync(join(bundle, 'etc/backend', name), 0, gid)
    }
    const spec = specOf(this.rootfs, bundle, volume, id, pod, container, uid, gid)
    writeFileSync(join(bundle, 'config.json'), JSON.stringify(spec))
    return new ContainerRun(id, bundle, volume)
  }

  remove (): void { rmSync(this.folder, { recursive: true, force: true }) }
}

function specOf (rootfs: string, bundle: string, volume: string, id: string, pod: PodSpec, container: Container, uid: number, gid: number): object {
  const { capabilities, readOnlyRootFilesystem: readonly = false, allowPrivilegeEscalation } = container.securityContext
  if (!(capabilities?.drop ?? []).includes('ALL')) throw new Error('a container that keeps the runtime\'s capabilities')
  const added = (capabilities?.add ?? []).map(c => `CAP_${c}`)
  // As containerd does: a user who is not root gets none of them.
  const effective = uid === 0 ? added : []
  const bind = (destination: string, source: string, mode: 'ro' | 'rw'): object => ({ destination, type: 'bind', source, options: ['rbind', 'nosuid', 'nodev', mode] })
  const hostPaths = container.volumeMounts.flatMap(({ name, mountPath }) => {
    const { hostPath } = (pod.volumes.find(v => v.name === name) ?? {}) as { hostPath?: { path: string } }
    return hostPath === undefined || name === 'state' ? [] : [bind(mountPath, hostPath.path, 'ro')]
  })
  return {
    ociVersion: '1.0.2',
    process: {
      terminal: false, user: { uid, gid }, args: command(), cwd: '/var/lib/tapio', env: ['PATH=/usr/local/bin:/usr/bin:/bin', 'NODE_NAME=node'],
      capabilities: { bounding: added, effective, permitted: effective, inheritable: [], ambient: [] },
      noNewPrivileges: allowPrivilegeEscalation === false
    },
    root: { path: rootfs, readonly },
    hostname: 'tapio',
    mounts: [
      { destination: '/proc', type: 'proc', source: 'proc' },
      { destination: '/dev', type: 'tmpfs', source: 'tmpfs', options: ['nosuid', 'strictatime', 'mode=755', 'size=65536k'] },
      bind('/sys', '/sys', 'ro'),
      { destination: '/tmp', type: 'tmpfs', source: 'tmpfs', options: ['nosuid', 'nodev', 'size=16m'] },
      bind('/usr', '/usr', 'ro'), bind('/opt/tapio/dist', join(root, 'dist'), 'ro'),
      bind('/etc/tapio', join(bundle, 'etc'), 'ro'), bind('/var/lib/tapio', volume, 'rw'),
      ...hostPaths
    ],
    linux: {
      cgroupsPath: `/tapio-test/${id}`,
      namespaces: [...pod.hostPID === true ? [] : [{ type: 'pid' }], { type: 'ipc' }, { type: 'uts' }, { type: 'mount' }],
      maskedPaths: ['/proc/kcore', '/proc/keys', '/proc/timer_list', '/sys/firmware'],
      readonlyPaths: ['/proc/sys', '/proc/sysrq-trigger', '/proc/irq', '/proc/bus']
    }
  }
}

export class ContainerRun {
  log = ''
  readonly #child: ChildProcess
  readonly #ended: Promise<number | null>

  constructor (readonly id: string, bundle: string, readonly state: string) {
    const child = spawn('runc', ['run', '--bundle', bundle, id], { stdio: ['ignore', 'pipe', 'pipe'] })
    this.#child = child
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => { this.log = (this.log + chunk.toString()).slice(-20_000) })
    this.#ended = new Promise(resolve => child.once('close', resolve))
  }

  /** Of its process 1, as seen from here. */
  get pid (): number { return Number((JSON.parse(this.#runc('state', this.id)) as { pid: number }).pid) }

  kill (signal: string): void { this.#runc('kill', this.id, signal) }

  /** The exit code of its process 1. */
  get ended (): Promise<number | null> { return this.#ended }

  async said (text: string): Promise<void> {
    for (const end = Date.now() + 60_000; !this.log.includes(text);) {
      if (Date.now() > end || this.#child.exitCode !== null) throw new Error(`the container did not say "${text}":\n${this.log}`)
      await new Promise(resolve => setTimeout(resolve, 20))
    }
  }

  async remove (): Promise<void> {
    spawnSync('runc', ['delete', '--force', this.id])
    await this.#ended
    spawnSync('sh', ['-c', 'for d in /sys/fs/cgroup/*/tapio-test; do rmdir $d/* $d; done 2>/dev/null'])
  }

  #runc (...args: readonly string[]): string {
    const { status, stdout, stderr } = spawnSync('runc', args, { encoding: 'utf8' })
    if (status !== 0) throw new Error(`runc ${args.join(' ')}: ${stderr}`)
    return stdout
  }
}
