/** IP addresses and ranges as numbers, for counting and comparing. */
import { isIP } from 'node:net'

export type Family = 4 | 6
export interface Ip { readonly family: Family, readonly value: bigint }
export interface Subnet extends Ip { readonly prefix: number }

const bits: Readonly<Record<Family, number>> = { 4: 32, 6: 128 }

/** undefined when `text` is no address. Zones (`%eth0`) are none: an address of a pod has no zone. */
export function parseIp (text: string): Ip | undefined {
  const family = isIP(text)
  if (family === 0 || text.includes('%')) return undefined
  if (family === 4) return { family, value: joined(text.split('.').map(Number), 8n) }
  return { family: 6, value: joined(groupsOf(text), 16n) }
}

/** `10.1.0.0/16`, its value with the host's bits still in it. */
export function parseSubnet (text: string): Subnet | undefined {
  const match = /^([^/]+)\/(\d{1,3})$/.exec(text)
  const ip = match === null ? undefined : parseIp(match[1] as string)
  const prefix = Number(match?.[2])
  return ip === undefined || prefix > bits[ip.family] ? undefined : { ...ip, prefix }
}

/** First and last address of a subnet, both included. */
export function boundsOf ({ family, value, prefix }: Subnet): { readonly first: bigint, readonly last: bigint } {
  const host = (1n << BigInt(bits[family] - prefix)) - 1n
  const first = value & ~host
  return { first, last: first | host }
}

/** Whether many hosts have it by design: loopback, link-local, unspecified, multicast. */
export function isShared (text: string): boolean {
  return /^(127\.|169\.254\.|0\.|22[4-9]\.|23\d\.|fe[89ab][0-9a-f]:|ff[0-9a-f]{2}:|::1?$)/i.test(text)
}

function joined (parts: readonly number[], width: bigint): bigint {
  return parts.reduce((sum, part) => sum << width | BigInt(part), 0n)
}

function groupsOf (text: string): number[] {
  const tail = /(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(text)
  const plain = tail === null ? text : text.slice(0, tail.index) + [[1, 2], [3, 4]].map(([a, b]) => (Number(tail[a as 1]) << 8 | Number(tail[b as 2])).toString(16)).join(':')
  const [head = '', rest] = plain.split('::')
  const [before, after] = [head, rest ?? ''].map(part => part === '' ? [] : part.split(':').map(g => parseInt(g, 16))) as [number[], number[]]
  return rest === undefined ? before : [...before, ...Array<number>(8 - before.length - after.length).fill(0), ...after]
}
