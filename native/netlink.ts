/**
 * Messages of NETLINK_ROUTE (rtnetlink(7), include/uapi/linux/{netlink,rtnetlink,if_link,if_addr,neighbour}.h) to objects.
 * Bounded by what the bytes hold: a message that is too short or lies about its length ends the reading, and is counted.
 */
import { addressText } from './records.js'

export interface LinkMessage { readonly kind: 'link', readonly removed: boolean, readonly seq: number, readonly index: number, readonly name: string, readonly flags: number, readonly mtu: number, readonly mac: string, readonly type: string, readonly master: number, readonly peer: number }
export interface AddressMessage { readonly kind: 'address', readonly removed: boolean, readonly seq: number, readonly index: number, readonly address: string, readonly prefix: number, readonly scope: number, readonly flags: number }
export interface RouteMessage { readonly kind: 'route', readonly removed: boolean, readonly seq: number, readonly destination: string, readonly gateway: string, readonly index: number, readonly table: number, readonly protocol: number, readonly type: number, readonly metric: number }
export interface NeighbourMessage { readonly kind: 'neighbour', readonly removed: boolean, readonly seq: number, readonly index: number, readonly state: number, readonly address: string, readonly mac: string }
/** End of a dump or answer to a request; `error` is an errno or 0. `interrupted`: something changed meanwhile, ask again. */
export interface EndMessage { readonly kind: 'end', readonly seq: number, readonly error: number, readonly interrupted: boolean }
export type NetlinkMessage = LinkMessage | AddressMessage | RouteMessage | NeighbourMessage | EndMessage

export interface Parsed { readonly messages: readonly NetlinkMessage[], readonly malformed: number }

export const linkFlags = { up: 0x1, loopback: 0x8, lowerUp: 0x10000 } as const
export const neighbourStates = { reachable: 0x02, failed: 0x20, permanent: 0x80 } as const
/** What may be asked for: the numbers of RTM_GET…. */
export const dumps = { link: 18, address: 22, route: 26, neighbour: 30 } as const
/** RTMGRP_LINK, _NEIGH, _IPV4_IFADDR, _IPV4_ROUTE, _IPV6_IFADDR, _IPV6_ROUTE. */
export const changeGroups = 0x1 | 0x4 | 0x10 | 0x40 | 0x100 | 0x400

const messageHeader = 16
const [nlmsgError, nlmsgDone] = [2, 3]
const dumpInterrupted = 0x10
const inet6 = 10

type Attributes = ReadonlyMap<number, Buffer>
type Parse = (body: Buffer, removed: boolean, seq: number) => NetlinkMessage | undefined

const parsers: Readonly<Record<number, { readonly parse: Parse, readonly removed: boolean }>> = {
  16: { parse: link, removed: false },
  17: { parse: link, removed: true },
  20: { parse: address, removed: false },
  21: { parse: address, removed: true },
  24: { parse: route, removed: false },
  25: { parse: route, removed: true },
  28: { parse: neighbour, removed: false },
  29: { parse: neighbour, removed: true }
}

/** All messages in `bytes`: datagrams one after the other. Kinds that nobody asked for are left out. */
export function parseNetlink (bytes: Uint8Array): Parsed {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const messages: NetlinkMessage[] = []
  let malformed = 0
  for (let at = 0; at < buffer.length;) {
    const length = buffer.length - at < messageHeader ? 0 : buffer.readUInt32LE(at)
    if (length < messageHeader || length > buffer.length - at) { malformed++; break }
    const known = readMessage(buffer.subarray(at, at + length))
    if (known === 'malformed') malformed++
    else if (known !== undefined) messages.push(known)
    at += aligned(length)
  }
  return { messages, malformed }
}

/** `seq` comes back with every part of the answer; 0 is that of changes nobody asked for. */
export function dumpRequest (what: number, seq: number): Uint8Array {
  // The header and the largest of the bodies (ifinfomsg, 16 bytes), zero: everything, all families.
  const message = Buffer.alloc(messageHeader + 16)
  message.writeUInt32LE(message.length, 0)
  message.writeUInt16LE(what, 4)
  message.writeUInt16LE(0x1 | 0x300, 6) // NLM_F_REQUEST | NLM_F_DUMP
  message.writeUInt32LE(seq, 8)
  return message
}

function readMessage (message: Buffer): NetlinkMessage | 'malformed' | undefined {
  const [type, flags, seq] = [message.readUInt16LE(4), message.readUInt16LE(6), message.readUInt32LE(8)]
  const body = message.subarray(messageHeader)
  if (type === nlmsgDone || type === nlmsgError) {
    if (body.length < 4) return 'malformed'
    return { kind: 'end', seq, error: Math.abs(body.readInt32LE(0)), interrupted: (flags & dumpInterrupted) !== 0 }
  }
  const known = parsers[type]
  return known === undefined ? undefined : known.parse(body, known.removed, seq) ?? 'malformed'
}

/** Attributes behind a fixed head of `from` bytes; undefined when one does not fit. The last of a kind counts. */
function attributesOf (body: Buffer, from: number): Attributes | undefined {
  if (body.length < from) return undefined
  const all = new Map<number, Buffer>()
  for (let at = from; body.length - at >= 4;) {
    const length = body.readUInt16LE(at)
    if (length < 4 || length > body.length - at) return undefined
    all.set(body.readUInt16LE(at + 2) & 0x3fff, body.subarray(at + 4, at + length))
    at += aligned(length)
  }
  return all
}

function link (body: Buffer, removed: boolean, seq: number): LinkMessage | undefined {
  const found = attributesOf(body, 16)
  if (found === undefined) return undefined
  const info = found.get(18)
  const kind = info === undefined ? undefined : attributesOf(info, 0)?.get(1)
  return {
    kind: 'link', removed, seq, index: body.readInt32LE(4), flags: body.readUInt32LE(8),
    name: text(found.get(3)), mtu: u32(found.get(4)), mac: mac(found.get(1)), type: text(kind), master: u32(found.get(10)), peer: u32(found.get(5))
  }
}

function address (body: Buffer, removed: boolean, seq: number): AddressMessage | undefined {
  const found = attributesOf(body, 8)
  if (found === undefined) return undefined
  // IFA_LOCAL is the own address of a point-to-point link, whose IFA_ADDRESS is the peer's.
  const bytes = ip(found.get(2) ?? found.get(1), body[0])
  if (bytes === undefined || bytes === '') return undefined
  return { kind: 'address', removed, seq, index: body.readUInt32LE(4), address: bytes, prefix: body[1] as number, scope: body[3] as number, flags: u32(found.get(8)) || body[2] as number }
}

function route (body: Buffer, removed: boolean, seq: number): RouteMessage | undefined {
  const found = attributesOf(body, 12)
  if (found === undefined) return undefined
  const [destination, gateway] = [ip(found.get(1), body[0]), ip(found.get(5), body[0])]
  if (destination === undefined || gateway === undefined) return undefined
  return {
    kind: 'route', removed, seq, gateway, index: u32(found.get(4)), table: u32(found.get(15)) || body[4] as number, protocol: body[5] as number, type: body[7] as number, metric: u32(found.get(6)),
    destination: `${destination === '' ? (body[0] === inet6 ? '::' : '0.0.0.0') : destination}/${body[1]}`
  }
}

function neighbour (body: Buffer, removed: boolean, seq: number): NeighbourMessage | undefined {
  const found = attributesOf(body, 12)
  const address = found === undefined ? undefined : ip(found.get(1), body[0])
  if (found === undefined || address === undefined) return undefined
  return { kind: 'neighbour', removed, seq, index: body.readInt32LE(4), state: body.readUInt16LE(8), address, mac: mac(found.get(2)) }
}

/** '' when there is none or of another family; undefined when its length is wrong. */
function ip (bytes: Buffer | undefined, family: number | undefined): string | undefined {
  if (bytes === undefined || (family !== 2 && family !== inet6)) return ''
  return bytes.length === (family === 2 ? 4 : 16) ? addressText(bytes, family) : undefined
}

const aligned = (length: number): number => (length + 3) & ~3
const u32 = (bytes: Buffer | undefined): number => bytes === undefined || bytes.length < 4 ? 0 : bytes.readUInt32LE(0)
const text = (bytes: Buffer | undefined): string => bytes === undefined ? '' : bytes.toString('utf8').replace(/\0.*$/s, '').slice(0, 64)
const mac = (bytes: Buffer | undefined): string => bytes === undefined || bytes.length > 32 ? '' : [...bytes].map(b => b.toString(16).padStart(2, '0')).join(':')
