/**
 * Files that hold secrets, or that decide whom Tapio trusts: read, and looked at for who else could read or replace them. The
 * rule is about people on this machine, not about mode bits alone: a file that is readable for everybody below a folder that only
 * its owner may enter is no fault, nor is one on a read-only mount in memory, as Kubernetes and Swarm give secrets to a container
 * (mode 0644, owner root). Access lists (ACLs) are not looked at.
 */
import { closeSync, fstatSync, openSync, readFileSync, realpathSync, statSync, type Stats } from 'node:fs'
import { dirname } from 'node:path'
import { getEnvironmentData, setEnvironmentData } from 'node:worker_threads'
import { readOpen } from './source.js'

export const secretFilePolicies = ['strict', 'warn', 'off'] as const

/** `strict`: an exposed file is not used. `warn`: it is, and said; one that everybody may replace is not used. `off`: nobody looks. */
export type SecretFilePolicy = typeof secretFilePolicies[number]

/** `trust`: certificates and authorities, which everybody may read but not replace. */
export type Guarded = 'secret' | 'trust'

/** `open`: everybody may write or replace the file. `exposed`: others than root and Tapio's user can read or replace it. */
export interface Exposure { readonly kind: 'open' | 'exposed', readonly why: string }

/** Who asks. */
export interface Viewer { readonly uid: number, readonly gid: number, /** Who became root by sudo. */ readonly sudoUid: number | undefined }

export interface GuardedFacts {
  readonly path: string
  readonly mode: number
  readonly uid: number
  readonly gid: number
  /** The folders it is in, from its own to the root. */
  readonly folders: readonly { readonly path: string, readonly mode: number, readonly uid: number }[]
  /** It lies on a read-only mount in memory. */
  readonly sealed: boolean
}

/** A token or a chain of certificates; nothing that is read as a secret is larger. */
const maxBytes = 1024 * 1024
const policyKey = 'tapio.secret_files'

/** For this thread and all threads that it starts from now on. */
export function setSecretFilePolicy (policy: SecretFilePolicy): void { setEnvironmentData(policyKey, policy) }

function currentPolicy (): SecretFilePolicy { return getEnvironmentData(policyKey) as SecretFilePolicy | undefined ?? 'warn' }

/** What is wrong with it, the worst first; undefined when nothing is. */
export function exposureOf (facts: GuardedFacts, holds: Guarded, viewer: Viewer): Exposure | undefined {
  if (facts.sealed) return undefined
  const { path, mode, uid, gid, folders } = facts
  const ours = [0, viewer.uid, viewer.sudoUid]
  const shown = `(mode ${octal(mode)})`
  const reachable = (from: number): boolean => folders.slice(from).every(f => (f.mode & 0o001) !== 0)
  const open = (why: string): Exposure => ({ kind: 'open', why })
  const exposed = (why: string): Exposure => ({ kind: 'exposed', why })
  if ((mode & 0o002) !== 0 && reachable(0)) return open(`everybody on this machine may write it ${shown}: \`chmod o-rwx ${path}\``)
  // In a sticky folder (/tmp) only a file's owner may replace it.
  const loose = folders.find((f, i) => (f.mode & 0o1002) === 0o002 && reachable(i + 1))
  if (loose !== undefined) return open(`everybody on this machine may replace it: ${loose.path} has mode ${octal(loose.mode)}: \`chmod o-w ${loose.path}\``)
  if (holds === 'secret' && (mode & 0o004) !== 0 && reachable(0)) return exposed(`everybody on this machine may read it ${shown}: \`chmod o-rwx ${path}\``)
  if (!ours.includes(uid)) return exposed(`it belongs to user ${uid}, who may change it: \`chown root ${path}\``)
  if ((mode & 0o020) !== 0 && gid !== 0 && gid !== viewer.gid) return exposed(`group ${gid} may write it ${shown}: \`chmod g-w ${path}\``)
  const foreign = folders.find(f => !ours.includes(f.uid))
  return foreign === undefined ? undefined : exposed(`user ${foreign.uid}, to whom ${foreign.path} belongs, may replace it`)
}

/** Whether a file with this exposure may be used, and what there is to say about it. */
export function judge (exposure: Exposure | undefined, policy: SecretFilePolicy): { readonly refused: boolean, readonly why: string } {
  if (exposure === undefined || policy === 'off') return { refused: false, why: '' }
  return { refused: policy === 'strict' || exposure.kind === 'open', why: exposure.why }
}

export interface GuardedFile { readonly bytes: Buffer, /** Why others may read or replace it; '' when they may not. */ readonly warning: string }

/** Throws an Error that says why, without the path, when it cannot be read or must not be used. */
export function readGuarded (path: string, holds: Guarded, policy = currentPolicy()): GuardedFile {
  const file = openSync(path, 'r')
  try {
    const stat = fstatSync(file)
    const { refused, why } = judge(policy === 'off' ? undefined : exposureOfOpen(path, stat, holds), policy)
    if (refused) throw new Error(`${why}; \`service.security.secret_files\` says what is let pass`)
    const bytes = readOpen(file, maxBytes + 1)
    if (bytes.length > maxBytes) throw new Error(`it is larger than ${maxBytes} bytes`)
    return { bytes, warning: why }
  } finally {
    closeSync(file)
  }
}

/** The same look at a file that somebody else has read; undefined also when it cannot be looked at any more. */
export function exposureAt (path: string, holds: Guarded = 'secret'): Exposure | undefined {
  try { return exposureOfOpen(path, statSync(path), holds) } catch { return undefined }
}

/** Pipes and devices (`<(pass show …)`) are in nobody else's reach. Systems without user ids have other means. */
function exposureOfOpen (path: string, stat: Stats, holds: Guarded): Exposure | undefined {
  const { geteuid, getegid } = process
  if (!stat.isFile() || geteuid === undefined || getegid === undefined) return undefined
  const real = realpathSync(path)
  const uid = geteuid()
  const sudo = uid === 0 ? process.env['SUDO_UID'] : undefined
  return exposureOf({ path: real, mode: stat.mode & 0o7777, uid: stat.uid, gid: stat.gid, folders: foldersOf(real), sealed: isSealed(real, mounts()) }, holds, { uid, gid: getegid(), sudoUid: sudo === undefined ? undefined : Number(sudo) })
}

function foldersOf (path: string): GuardedFacts['folders'] {
  const folder = dirname(path)
  const { mode, uid } = statSync(folder)
  const own = { path: folder, mode: mode & 0o7777, uid }
  return folder === path || folder === dirname(folder) ? [own] : [own, ...foldersOf(folder)]
}

function mounts (): string {
  try { return readFileSync('/proc/self/mountinfo', 'utf8') } catch { return '' }
}

/** proc_pid_mountinfo(5): `36 35 98:0 /root /mount/point ro,noatime - tmpfs source rw`; of mounts over one another the last is seen. */
export function isSealed (path: string, mountinfo: string): boolean {
  let found = { at: '', sealed: false }
  for (const line of mountinfo.split('\n')) {
    const [, , , , point, options = '', ...rest] = line.split(' ')
    if (point === undefined) continue
    const at = point.replace(/\\(\d{3})/g, (_, code: string) => String.fromCharCode(parseInt(code, 8)))
    if (at.length < found.at.length || !(path === at || path.startsWith(at === '/' ? at : `${at}/`))) continue
    const type = rest[rest.indexOf('-') + 1] ?? ''
    found = { at, sealed: /^(tmpfs|ramfs)$/.test(type) && options.split(',').includes('ro') }
  }
  return found.sealed
}

const octal = (mode: number): string => mode.toString(8).padStart(4, '0')
