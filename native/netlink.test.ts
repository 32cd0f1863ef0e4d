/**
 * Scenario: rtnetlink messages as Linux makes them, cut, changed and made up.
 * Guarantees: known ones are read; no bytes make the parser throw, hang, or give more messages than they can hold.
 */
import { spawnSync } from 'node:child_process'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { dumps, linkFlags, parseNetlink, type NetlinkMessage } from './netlink.js'
import { NetlinkSockets } from './netlink-sockets.js'

const netlink = suite('netlink')

function message (type: number, body: Buffer, seq = 0): Buffer {
  const out = Buffer.alloc(16 + (body.length + 3 & ~3))
  out.writeUInt32LE(16 + body.length, 0)
  out.writeUInt16LE(type, 4)
  out.writeUInt32LE(seq, 8)
  body.copy(out, 16)
  return out
}

function attribute (type: number, value: Buffer): Buffer {
  const out = Buffer.alloc(4 + (value.length + 3 & ~3))
  out.writeUInt16LE(4 + value.length, 0)
  out.writeUInt16LE(type, 2)
  value.copy(out, 4)
  return out
}

const u32 = (n: number): Buffer => { const b = Buffer.alloc(4); b.writeUInt32LE(n); return b }
const link = message(16, Buffer.concat([Buffer.from([0, 0, 1, 0]), u32(7), u32(0x10003), u32(0), attribute(3, Buffer.from('eth0\0')), attribute(4, u32(1450)), attribute(1, Buffer.from([2, 0, 0, 0, 0, 9])), attribute(18, attribute(1, Buffer.from('veth\0'))), attribute(10, u32(3))]))
const address = message(21, Buffer.concat([Buffer.from([2, 24, 0, 0]), u32(7), attribute(1, Buffer.from([10, 1, 0, 255])), attribute(2, Buffer.from([10, 1, 0, 5]))]))
const route = message(24, Buffer.concat([Buffer.from([10, 0, 0, 0, 254, 3, 0, 1]), u32(0), attribute(5, Buffer.from('fd000000000000000000000000000001', 'hex')), attribute(4, u32(7))]))
const neighbour = message(28, Buffer.concat([Buffer.from([2, 0, 0, 0]), u32(7), Buffer.from([0x20, 0, 0, 1]), attribute(1, Buffer.from([10, 1, 0, 1]))]))
const all = Buffer.concat([link, address, route, neighbour, message(3, u32(0), 5)])

netlink('each kind is read', () => {
  assert.equal(parseNetlink(all), { malformed: 0, messages: [
    { kind: 'link', removed: false, seq: 0, index: 7, flags: 0x10003, name: 'eth0', mtu: 1450, mac: '02:00:00:00:00:09', type: 'veth', master: 3, peer: 0 },
    { kind: 'address', removed: true, seq: 0, index: 7, address: '10.1.0.5', prefix: 24, scope: 0, flags: 0 },
    { kind: 'route', removed: false, seq: 0, destination: '::/0', gateway: 'fd00::1', index: 7, table: 254, protocol: 3, type: 1, metric: 0 },
    { kind: 'neighbour', removed: false, seq: 0, index: 7, state: 0x20, address: '10.1.0.1', mac: '' },
    { kind: 'end', seq: 5, error: 0, interrupted: false }
  ] })
})

netlink('foreign kinds are left out, what is cut is counted and never read beyond its end', () => {
  assert.equal(parseNetlink(message(99, Buffer.alloc(8))), { messages: [], malformed: 0 })
  const wholeEnds = [0, link.length, link.length + address.length, link.length + address.length + route.length, all.length - 20, all.length]
  for (let cut = 0; cut <= all.length; cut++) {
    const { messages, malformed } = parseNetlink(all.subarray(0, cut))
    const whole = wholeEnds.filter(end => end <= cut).length - 1
    assert.ok(messages.length >= whole, `${cut} bytes hold ${whole} messages, found ${messages.length}`)
    assert.ok(malformed <= 1)
  }
})

netlink('random bytes and changed messages are survived', () => {
  let seed = 20261125
  const random = (below: number): number => { seed = (Math.imul(seed, 1103515245) + 12345) >>> 0; return (seed >>> 8) % below }
  const rounds = process.env['TAPIO_TEST_LONG'] === '1' ? 500_000 : 20_000
  for (let round = 0; round < rounds; round++) {
    const bytes = round % 4 === 0 ? Buffer.from(Array.from({ length: random(200) }, () => random(256))) : Buffer.from(all)
    for (let n = random(6); n > 0 && bytes.length > 0; n--) bytes[random(bytes.length)] = random(256)
    const { messages } = parseNetlink(bytes.subarray(0, random(bytes.length + 1)))
    assert.ok(messages.length <= bytes.length / 16)
  }
})

/** Everything the kernel answers to one request. */
function ask (sockets: NetlinkSockets, fd: number, what: number): NetlinkMessage[] {
  assert.is(sockets.dump(fd, what, 9), '')
  const messages: NetlinkMessage[] = []
  for (const endMs = Date.now() + 10_000; Date.now() < endMs && messages.at(-1)?.kind !== 'end';) {
    for (const received of sockets.readOne(fd)) { assert.is(received.malformed, 0); messages.push(...received.messages) }
  }
  return messages
}

const opened = NetlinkSockets.open()
const fault = 'unavailable' in opened ? opened.unavailable : ''
if (fault !== '') console.log(`SKIP netlink on this kernel: ${fault}`)
const real = fault === '' ? netlink : netlink.skip

real('the kernel\'s own answers are read: loopback is there, an unknown namespace says why it is not', () => {
  if ('unavailable' in opened) return
  const socket = opened.add('', 0)
  assert.ok('fd' in socket)
  const { fd } = socket as { fd: number }
  const lo = ask(opened, fd, dumps.link).find(m => m.kind === 'link' && m.name === 'lo')
  assert.ok(lo?.kind === 'link' && (lo.flags & linkFlags.loopback) !== 0 && lo.seq === 9)
  for (const what of [dumps.address, dumps.route, dumps.neighbour]) {
    const end = ask(opened, fd, what).at(-1)
    assert.ok(end?.kind === 'end' && end.error === 0, JSON.stringify(end))
  }
  assert.equal(opened.add('/nonexistent', 0), { fault: 'ENOENT' })
  assert.equal(opened.add('/proc/self/ns/net', 1), { fault: 'ENOENT' }, 'not the namespace that was meant')
  opened.remove(fd)
  opened.remove(fd)
  assert.is(opened.size, 0)
})

const root = process.getuid?.() === 0 && spawnSync('ip', ['-V']).error === undefined
if (!root) console.log('SKIP netlink in another namespace: needs root and iproute2')
const privileged = root ? real : netlink.skip

privileged('a flood that does not fit is told as lost, and the socket goes on', () => {
  if ('unavailable' in opened) return
  const name = `tapio-nl-${process.pid}`
  spawnSync('ip', ['netns', 'add', name])
  try {
    const { fd } = opened.add(`/run/netns/${name}`, 0) as { fd: number }
    spawnSync('ip', ['-n', name, 'link', 'set', 'lo', 'up'])
    assert.ok([...opened.read()].some(r => r.messages.some(m => m.kind === 'link' && m.name === 'lo')))
    const lines = Array.from({ length: 4000 }, (_, i) => `addr add 10.${i >> 8}.${i & 255}.1/32 dev lo`).join('\n')
    spawnSync('ip', ['-n', name, '-batch', '-'], { input: lines })
    const received = [...opened.read()]
    assert.ok(received.some(r => r.lost), 'ENOBUFS was seen')
    spawnSync('ip', ['-n', name, 'addr', 'add', '192.0.2.1/32', 'dev', 'lo'])
    assert.ok([...opened.read()].some(r => r.messages.some(m => m.kind === 'address' && m.address === '192.0.2.1')))
    opened.remove(fd)
  } finally {
    spawnSync('ip', ['netns', 'del', name])
  }
})

netlink.run()
