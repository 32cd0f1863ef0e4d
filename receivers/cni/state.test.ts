/**
 * Scenario: netlink messages, leases and namespaces in every order.
 * Guarantees: changes are told when something changed, problems once when they have lasted and once when they are over, and
 * faults that look alike (a leak, a DEL under way, an ADD under way) are told apart.
 */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Severity } from '../../core/data/enums.js'
import { FakeClock } from '../../core/testing/fake-clock.js'
import type { LinkMessage, NetlinkMessage } from '../../native/index.js'
import { duplicateProblems, Leaks, usageOf, usageProblems, type LeakView } from './address-problems.js'
import type { Attachment } from './attachments.js'
import { parseLease, type Lease } from './leases.js'
import { linkProblems } from './link-problems.js'
import { parseNetConf, type Network } from './net-conf.js'
import type { Namespace } from './namespaces.js'
import { NetworkState } from './network-state.js'
import { Pace } from './pace.js'
import { Problems, type Problem } from './problems.js'
import { Subjects } from './subjects.js'

const [up, lowerUp] = [0x1, 0x10000]
const link = (index: number, flags: number, more: Partial<LinkMessage> = {}): LinkMessage => ({ kind: 'link', removed: false, seq: 0, index, name: `eth${index}`, flags, mtu: 1500, mac: '', type: 'veth', master: 0, peer: 0, ...more })
const address = (index: number, text: string, removed = false): NetlinkMessage => ({ kind: 'address', removed, seq: 0, index, address: text, prefix: 24, scope: 0, flags: 0 })
const problem = (key: string, afterMs: number): Problem => ({ key, name: 'link_down', severity: Severity.error, message: key, over: `${key} over`, afterMs })
const lease = (ip: string, id: string, sinceMs = 0): Lease => parseLease('n', ip, `${id}\r\neth0`, sinceMs) as Lease
const network = (subnet: string): Network => parseNetConf('a.conf', JSON.stringify({ cniVersion: '1.0.0', name: 'n', type: 'bridge', ipam: { type: 'host-local', ranges: [[{ subnet }]] } })).network as Network
const namespaces = new Map<number, Namespace>([[1, { inode: 1, path: '', own: true }], [2, { inode: 2, path: '/run/netns/a', own: false }], [3, { inode: 3, path: '/run/netns/b', own: false }]])
const attachment = (containerId: string, netns: string): Attachment => ({ containerId, network: 'n', interfaceName: 'eth0', netns, addresses: [], podNamespace: 'shop', podName: `pod-${containerId}`, podUid: `uid-${containerId}` })

test('a problem is told once when it has lasted, and once when it is over', () => {
  const problems = new Problems(3)
  const told = (now: Problem[], ms: number): string[] => problems.update(now, ms).map(t => `${t.problem.key} ${t.action}`)
  assert.equal(told([problem('a', 0), problem('b', 300)], 0), ['a started'])
  assert.ok(problems.waiting)
  assert.equal(told([problem('a', 0), problem('b', 300)], 299), [])
  assert.equal(told([problem('a', 0), problem('b', 300)], 300), ['b started'])
  assert.equal(told([problem('b', 300)], 400), ['a resolved'])
  assert.equal(told([problem('b', 300), problem('flap', 300)], 500), [])
  assert.equal(told([problem('b', 300)], 600), [], 'a flap is never told')
  assert.equal(told([problem('flap', 300)], 850), ['b resolved'], 'and begins anew')
  assert.equal(told(['flap', '1', '2', '3'].map(k => problem(k, 0)), 851), ['flap started', '1 started', '2 started'])
  assert.is(problems.dropped, 1)
})

test('changes of links and addresses are told, repetitions are not', () => {
  const state = new NetworkState()
  const text = (m: NetlinkMessage): string | undefined => state.apply(m)?.text
  assert.is(text(link(2, 0)), 'interface eth2 (veth) was added')
  assert.is(text(link(2, 0)), undefined)
  assert.is(text(link(2, up | lowerUp, { mtu: 1400 })), 'interface eth2: set down -> up, mtu 1500 -> 1400')
  assert.is(text(address(2, '10.0.0.1')), 'address 10.0.0.1/24 came to interface eth2')
  assert.is(text(address(2, '10.0.0.1')), undefined)
  assert.is(text(address(2, '10.0.0.1', true)), 'address 10.0.0.1/24 left interface eth2')
  assert.is(text(address(2, '10.0.0.1', true)), undefined)
  assert.is(text({ ...link(2, 0), removed: true }), 'interface eth2 was removed')
  assert.is(text({ ...link(2, 0), removed: true }), undefined)
  const failed: NetlinkMessage = { kind: 'neighbour', removed: false, seq: 0, index: 2, state: 0x20, address: '10.0.0.9', mac: '' }
  assert.match(text(failed) ?? '', /^nobody answers for 10\.0\.0\.9/)
  assert.is(text(failed), undefined, 'each try of the kernel')
  assert.is(text({ ...failed, state: 0x02 }), undefined)
  assert.match(text(failed) ?? '', /^nobody answers/)
  const route: NetlinkMessage = { kind: 'route', removed: true, seq: 0, destination: '0.0.0.0/0', gateway: '10.0.0.1', index: 2, table: 254, protocol: 3, type: 1, metric: 0 }
  assert.match(text(route) ?? '', /^route to 0\.0\.0\.0\/0 via 10\.0\.0\.1 .* was removed/)
  assert.is(text({ ...route, table: 255 }), undefined, 'the kernel\'s own table')
})

test('what a second dump does not tell is gone', () => {
  const state = new NetworkState()
  state.beginDump()
  for (const m of [link(1, up), link(2, up), address(1, '10.0.0.1'), address(1, '10.0.0.2'), address(2, '10.0.0.3')]) state.apply(m)
  assert.equal([state.endDump('link'), state.endDump('address')], [[], []])
  state.beginDump()
  state.apply(link(1, up))
  state.apply(address(1, '10.0.0.2'))
  assert.equal(state.endDump('link').map(c => c.text), ['interface eth2 was removed'])
  assert.equal(state.endDump('address').map(c => c.text), ['address 10.0.0.1/24 left interface eth1'])
  assert.equal([...state.addresses()].map(a => a.address), ['10.0.0.2'])
})

test('a range is running out from the threshold on, and full at its end', () => {
  const names = (n: number): string[] => usageProblems(usageOf([network('10.0.0.0/29')], [lease('10.9.9.9', 'other'), ...Array.from({ length: n }, (_, i) => lease(`10.0.0.${i + 2}`, `c${i}`))]), 0.8).map(p => p.name)
  assert.equal([names(3), names(4), names(5)], [[], ['ipam_exhaustion_near'], ['ipam_exhausted']])
  assert.equal(usageProblems(usageOf([network('fd00::/64')], [lease('fd00::2', 'a')]), 0.8), [])
})

test('a lease is leaked only when nothing of its holder is left', () => {
  const table: [string, Partial<LeakView> & { seenBefore?: boolean, nowMs?: number }, boolean][] = [
    ['its address is there', { placed: new Set(['10.0.0.2']) }, false],
    ['never seen, and old', {}, true],
    ['never seen, and young: an ADD is under way', { nowMs: 29_999 }, false],
    ['seen before, and young', { seenBefore: true, nowMs: 1 }, true],
    ['its container lives', { containers: new Set(['c']) }, false],
    ['some namespace cannot be read', { complete: false }, false],
    ['its own namespace is known and gone', { complete: false, subjects: new Subjects([attachment('c', '/run/netns/x')], namespaces) }, true],
    ['its own namespace is known and there', { subjects: new Subjects([attachment('c', '/run/netns/x')], namespaces), netnsExists: () => true }, false]
  ]
  for (const [what, { seenBefore = false, nowMs = 30_000, ...view }, leaked] of table) {
    const leaks = new Leaks(30_000)
    const base: LeakView = { placed: new Set(), complete: true, containers: new Set(), subjects: new Subjects([], namespaces), netnsExists: () => false }
    if (seenBefore) leaks.find([lease('10.0.0.2', 'c')], { ...base, placed: new Set(['10.0.0.2']) }, 0)
    assert.is(leaks.find([lease('10.0.0.2', 'c')], { ...base, ...view }, nowMs).length === 1, leaked, what)
  }
  assert.is(new Leaks(0).find([lease('10.0.0.2', '')], { placed: new Set(), complete: true, containers: new Set(), subjects: new Subjects([], namespaces), netnsExists: () => false }, 1e6).length, 0, 'half written')
})

test('a leak is not over because a new namespace is being read', () => {
  const leaks = new Leaks(0)
  const view: LeakView = { placed: new Set(), complete: true, containers: new Set(), subjects: new Subjects([], namespaces), netnsExists: () => false }
  const found = (change: Partial<LeakView>): number => leaks.find([lease('10.0.0.2', 'c')], { ...view, ...change }, 1).length
  assert.equal([found({ complete: false }), found({}), found({ complete: false }), found({ complete: false, placed: new Set(['10.0.0.2']) }), found({ complete: false })], [0, 1, 1, 0, 0])
})

test('an address in two namespaces is a duplicate: serious in a range or for a pod', () => {
  const places = [2, 3].map(inode => ({ address: '10.0.0.2', inode, interfaceName: 'eth0' }))
  const severity = (networks: Network[], attachments: Attachment[]): number[] => duplicateProblems(places, networks, new Subjects(attachments, namespaces)).map(p => p.severity)
  assert.equal(severity([], []), [Severity.low])
  assert.equal(severity([network('10.0.0.0/24')], []), [Severity.error])
  assert.equal(severity([], [attachment('c', '/var/run/netns/a')]), [Severity.error])
  const [named] = duplicateProblems(places, [], new Subjects([attachment('c', '/var/run/netns/a')], namespaces))
  assert.match(named?.message ?? '', /in pod shop\/pod-c \(eth0\), network namespace \/run\/netns\/b \(eth0\)/)
  assert.equal(duplicateProblems([places[0] as typeof places[0], { ...places[0] as typeof places[0], interfaceName: 'eth1' }], [network('10.0.0.0/24')], new Subjects([], namespaces)), [], 'one namespace may have it twice')
})

test('a link that was up and is down is a problem, its other end and an idle bridge are none', () => {
  const [node, pod] = [new NetworkState(), new NetworkState()]
  const states = [{ inode: 1, state: node }, { inode: 2, state: pod }]
  const down = (): string[] => linkProblems(states, new Subjects([attachment('c', '/run/netns/a')], namespaces), 300, () => '').map(p => p.message)
  node.apply(link(7, up | lowerUp, { peer: 2, name: 'veth7' }))
  node.apply(link(3, up | lowerUp, { type: 'bridge', name: 'cni0' }))
  node.apply(link(4, 0, { type: 'dummy', name: 'unused' }))
  pod.apply(link(2, up | lowerUp, { peer: 7, name: 'eth0' }))
  assert.equal(down(), [])
  pod.apply(link(2, 0, { peer: 7, name: 'eth0' }))
  node.apply(link(7, up, { peer: 2, name: 'veth7' }))
  node.apply(link(3, up, { type: 'bridge', name: 'cni0' }))
  assert.equal(down(), ['interface eth0 of pod shop/pod-c was set down: nothing reaches it'])
  pod.apply(link(2, up | lowerUp, { peer: 7, name: 'eth0' }))
  assert.equal(down(), ['interface veth7 of the node lost its carrier: nothing reaches it'])
  node.apply(link(3, 0, { type: 'bridge', name: 'cni0' }))
  assert.is(down().length, 2, 'a bridge that was set down')
})

test('work that takes long is not done more often than a tenth of the time', async () => {
  const clock = new FakeClock()
  const pace = new Pace(clock, 5000)
  assert.ok(pace.due(false), 'at the start')
  await pace.tookAsync(() => clock.advance(50))
  assert.not(pace.due(true))
  await clock.advance(499)
  assert.not(pace.due(false))
  await clock.advance(1)
  assert.ok(pace.due(false), 'the hint was kept')
  pace.took(() => undefined)
  assert.not(pace.due(false))
  assert.ok(pace.due(true))
  pace.took(() => undefined)
  await clock.advance(5000)
  assert.ok(pace.due(false))
})

test.run()
