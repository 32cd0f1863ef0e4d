/** Identities of pods and containers as bytes of a fixed width, and back. */
import { createHash } from 'node:crypto'
import { isIPv4, isIPv6 } from 'node:net'

export const uidWidth = 16
export const ipWidth = 16
export const nameWidth = 16
export const containerWidth = 32

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

/** A UUID is its own 16 bytes; `exact` is false for any other text, of which the key is a hash. */
export function uidKey (uid: string): { readonly key: Uint8Array, readonly exact: boolean } {
  return uuid.test(uid) ? { key: Buffer.from(uid.replaceAll('-', ''), 'hex'), exact: true } : { key: digest(uid, uidWidth), exact: false }
}

export function uidText (key: Uint8Array): string {
  const hex = hexOf(key)
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}

export function nameKey (namespace: string, name: string): Uint8Array { return digest(`${namespace}/${name}`, nameWidth) }

/** Of `containerd://<id>` or `<id>`; undefined when the id is not the 64 hex digits that all runtimes give. */
export function containerKey (id: string): Uint8Array | undefined {
  const hex = id.slice(id.indexOf('://') < 0 ? 0 : id.indexOf('://') + 3)
  return /^[0-9a-f]{64}$/.test(hex) ? Buffer.from(hex, 'hex') : undefined
}

export function hexOf (key: Uint8Array): string { return Buffer.from(key.buffer, key.byteOffset, key.byteLength).toString('hex') }

const mapped = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff] as const

/** IPv4 as the IPv6 address it maps to: a dual-stack socket names its IPv4 peers so. Zones (`%eth0`) are left out. */
export function ipKey (ip: string): Uint8Array | undefined {
  const text = ip.replace(/%.*$/, '')
  if (isIPv4(text)) return Uint8Array.from([...mapped, ...text.split('.').map(Number)])
  if (!isIPv6(text)) return undefined
  const [head = '', tail] = withoutDots(text).split('::')
  const [before, after] = [groups(head), tail === undefined ? [] : groups(tail)]
  const all = [...before, ...Array<number>(8 - before.length - after.length).fill(0), ...after]
  return Uint8Array.from(all.flatMap(g => [g >> 8, g & 0xff]))
}

/** IPv4 with dots; IPv6 in the form of RFC 5952, as Kubernetes has it. */
export function ipText (key: Uint8Array): string {
  if (mapped.every((byte, i) => key[i] === byte)) return [...key.subarray(12)].join('.')
  const hex = Array.from({ length: 8 }, (_, i) => (((key[2 * i] as number) << 8) | (key[2 * i + 1] as number)).toString(16)).join(':')
  return new URL(`http://[${hex}]`).hostname.slice(1, -1)
}

const groups = (text: string): number[] => text === '' ? [] : text.split(':').map(g => parseInt(g, 16))

/** `::ffff:10.0.0.1` as `::ffff:a00:1`. */
function withoutDots (text: string): string {
  return text.replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_, ...bytes: string[]) => {
    const [a = 0, b = 0, c = 0, d = 0] = bytes.slice(0, 4).map(Number)
    return `${(a << 8 | b).toString(16)}:${(c << 8 | d).toString(16)}`
  })
}

function digest (text: string, width: number): Uint8Array {
  return createHash('sha256').update(text).digest().subarray(0, width)
}
