/**
 * Scenario: configurations, leases and attachments as people and programs write them, wrong ones, and bytes made up.
 * Guarantees: what is right is read, what is wrong is named with its place and what to do, and nothing makes a parser throw.
 */
import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { seeded } from '../../core/data/testing/random.js'
import { parseAttachment } from './attachments.js'
import { ConfFiles } from './conf-files.js'
import { isShared, parseIp, parseSubnet } from './ip.js'
import { Leases, parseLease } from './leases.js'
import { listNamespaces } from './namespaces.js'
import { cniVersions, parseNetConf } from './net-conf.js'
import { aboutOf, parseEnvironment } from './plugin-runs.js'

const hostLocal = (ranges: unknown, more: object = {}): string => JSON.stringify({ cniVersion: '1.0.0', name: 'n', type: 'bridge', ipam: { type: 'host-local', ranges, ...more } })

test('addresses are numbers, and what is none is not', () => {
  const table: [string, bigint | undefined][] = [
    ['0.0.0.1', 1n], ['10.1.0.255', 0x0a0100ffn], ['::1', 1n], ['fd00::1:2', (0xfd00n << 112n) + 0x10002n], ['::ffff:10.0.0.1', 0xffff0a000001n], ['1:2:3:4:5:6:7:8', 0x00010002000300040005000600070008n],
    ['10.1', undefined], ['fe80::1%eth0', undefined], ['lock', undefined], ['', undefined]
  ]
  for (const [text, value] of table) assert.is(parseIp(text)?.value, value, text)
  assert.equal(parseSubnet('10.0.0.0/8'), { family: 4, value: 10n << 24n, prefix: 8 })
  for (const bad of ['10.0.0.0/33', '10.0.0.0', '/8', '::/129', '10.0.0.0/-1']) assert.is(parseSubnet(bad), undefined, bad)
  assert.equal(['127.0.0.1', '169.254.20.10', 'fe80::1', '::1', '10.0.0.1', 'fd00::1', '240.0.0.1'].map(isShared), [true, true, true, true, false, false, false])
})

test('ranges have the addresses that host-local gives out', () => {
  const table: [string, bigint][] = [
    // Network, gateway and broadcast are not given out.
    [hostLocal([[{ subnet: '10.78.0.0/29' }]]), 5n],
    [hostLocal([[{ subnet: '10.78.0.0/29', rangeStart: '10.78.0.3', rangeEnd: '10.78.0.4' }]]), 2n],
    [hostLocal([[{ subnet: '10.78.0.0/29', gateway: '10.78.0.6' }]]), 5n],
    [hostLocal([[{ subnet: '10.78.0.0/30' }, { subnet: '10.79.0.0/29' }]]), 6n],
    [hostLocal([[{ subnet: 'fd00::/64' }]]), (1n << 64n) - 2n],
    [hostLocal(undefined, { subnet: '10.78.0.0/24' }), 253n]
  ]
  for (const [text, size] of table) {
    const { network, faults } = parseNetConf('a.conf', text)
    assert.equal(faults, [])
    assert.is(network?.rangeSets[0]?.reduce((sum, r) => sum + r.size, 0n), size, text)
  }
})

test('what is wrong with a configuration is said', () => {
  const table: [string, string, RegExp][] = [
    ['a.conf', '{"name":', /^is not JSON/],
    ['a.conf', '[]', /^holds a list, expected an object/],
    ['a.conflist', '{"name":"n","type":"bridge"}', /has no list `plugins`/],
    ['a.conf', '{"name":"n","plugins":[{"type":"bridge"}]}', /rename it to \.conflist/],
    ['a.conf', '{"type":"bridge"}', /has no `name`/],
    ['a.conf', '{"name":"a b","type":"bridge"}', /has the name "a b"/],
    ['a.conflist', '{"name":"n","plugins":[]}', /empty list/],
    ['a.conflist', '{"name":"n","plugins":[{"type":"bridge"},{}]}', /no usable `type` in plugins\[1\]/],
    ['a.conf', '{"name":"n","type":"../sh"}', /no usable `type`/],
    ['a.conf', '{"name":"n","type":"bridge","ipam":{"type":7}}', /no usable `ipam.type`/],
    ['a.conf', hostLocal([[{ subnet: '10.0.0.0' }]]), /the subnet "10\.0\.0\.0", expected an address with a prefix/],
    ['a.conf', hostLocal([[{ subnet: '10.0.0.0/24', rangeStart: '10.1.0.1' }]]), /not within its subnet/],
    ['a.conf', hostLocal([[{ subnet: '10.0.0.0/32' }]]), /without an address to hand out/],
    ['a.conf', hostLocal([]), /without `ranges` or `subnet`/],
    ['a.conf', '{"name":"n","type":"bridge","cniVersion":"7.0"}', /asks for cniVersion "7\.0", supported are 0\.1\.0/]
  ]
  for (const [file, text, message] of table) assert.match(parseNetConf(file, text).faults.map(f => f.message).join('; '), message, text)
})

test('the configurations of network add-ons are known', () => {
  const of = (...types: string[]) => parseNetConf('10-x.conflist', JSON.stringify({ name: 'k8s', cniVersion: '0.3.1', plugins: types.map(type => ({ type })) })).network
  assert.equal([of('calico', 'portmap')?.flavor, of('cilium-cni')?.flavor, of('flannel', 'portmap')?.flavor, of('bridge', 'portmap')?.flavor], ['calico', 'cilium', 'flannel', 'generic'])
  assert.equal(of('flannel', 'portmap')?.programs, ['flannel', 'portmap'])
})

test('leases are read, other files beside them are not', () => {
  assert.equal(parseLease('n', '10.78.0.2', 'id1\r\neth0', 5), { network: 'n', address: '10.78.0.2', ip: parseIp('10.78.0.2'), containerId: 'id1', interfaceName: 'eth0', sinceMs: 5 })
  assert.is(parseLease('n', 'fd00__2', 'id1\neth0\n', 5)?.address, 'fd00::2')
  assert.is(parseLease('n', 'last_reserved_ip.0', '10.78.0.2', 5), undefined)
  const directory = mkdtempSync(join(tmpdir(), 'tapio-leases-'))
  try {
    mkdirSync(join(directory, 'n'))
    for (const [name, text] of [['lock', ''], ['last_reserved_ip.0', '10.78.0.3'], ['10.78.0.2', 'a\r\neth0'], ['10.78.0.3', '']] as const) writeFileSync(join(directory, 'n', name), text)
    const leases = new Leases(100)
    assert.equal(leases.read([directory, join(directory, 'none')]).map(l => [l.address, l.containerId]), [['10.78.0.2', 'a'], ['10.78.0.3', '']])
    writeFileSync(join(directory, 'n', '10.78.0.3'), 'b\r\neth0')
    rmSync(join(directory, 'n', '10.78.0.2'))
    assert.equal(leases.read([directory]).map(l => [l.address, l.containerId]), [['10.78.0.3', 'b']])
    assert.is(new Leases(1).read([directory]).length, 1, 'bounded')
  } finally {
    rmSync(directory, { recursive: true })
  }
})

const cached = JSON.stringify({ kind: 'cniCacheV1', containerId: 'c1', config: 'e30=', ifName: 'eth0', networkName: 'n', cniArgs: [['IgnoreUnknown', '1'], ['K8S_POD_NAMESPACE', 'shop'], ['K8S_POD_NAME', 'cart-0'], ['K8S_POD_UID', 'u1']], result: { interfaces: [{ name: 'br' }, { name: 'eth0', sandbox: '/var/run/netns/cni-1' }], ips: [{ address: '10.78.0.2/24' }] } })
const environment = 'PATH=/bin\0CNI_COMMAND=ADD\0CNI_CONTAINERID=c1\0CNI_NETNS=/run/netns/p\0CNI_IFNAME=eth0\0SECRET=x\0CNI_ARGS=IgnoreUnknown=1;K8S_POD_NAMESPACE=shop;K8S_POD_NAME=cart-0;K8S_POD_UID=u1\0'

test('an attachment, and the environment of a plugin, name the pod', () => {
  assert.equal(parseAttachment(cached), { containerId: 'c1', network: 'n', interfaceName: 'eth0', netns: '/var/run/netns/cni-1', addresses: ['10.78.0.2'], podNamespace: 'shop', podName: 'cart-0', podUid: 'u1' })
  assert.is(parseAttachment('{"cniVersion":"0.4.0"}'), undefined)
  const variables = parseEnvironment(environment)
  assert.not(variables.has('SECRET'))
  assert.equal(aboutOf(variables), { command: 'ADD', interfaceName: 'eth0', subject: { containerId: 'c1', podNamespace: 'shop', podName: 'cart-0', podUid: 'u1', netns: '/run/netns/p' } })
  assert.equal(aboutOf(new Map()), { command: '', interfaceName: '', subject: {} })
})

test('namespaces are told apart by inode, and names without one are waited for only while they are new', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'tapio-netns-'))
  try {
    for (const name of ['a', 'b']) symlinkSync('/proc/self/ns/net', join(directory, name))
    const list = (nowMs: number) => listNamespaces({ root: '', directories: [directory, join(directory, 'none')], processes: false, max: 10, nowMs })
    const { namespaces, unfinished, complete } = await list(Date.now())
    assert.equal([[...namespaces.values()].map(n => [n.path, n.own]), unfinished, complete], [[['', true]], false, true])
    writeFileSync(join(directory, 'c'), '')
    const made = Number(statSync(join(directory, 'c')).ctimeMs)
    assert.equal([(await list(made + 1)).unfinished, (await list(made + 60_000)).unfinished], [true, false])
  } finally {
    rmSync(directory, { recursive: true })
  }
})

test('a process of a container that is still in the namespace of the node does not make it the pod\'s', async () => {
  const root = mkdtempSync(join(tmpdir(), 'tapio-proc-'))
  const container = (id: string) => `0::/kubepods.slice/kubepods-pod6f1f7dc3_50a6_4c5b_9d75_5b0a9b6f3c11.slice/cri-containerd-${id.repeat(64)}.scope`
  const processes: [number, number, string][] = [
    [10, 1, '0::/system.slice/containerd.service'], [11, 1, '0::/system.slice/containerd.service'], [12, 1, container('a')],
    [20, 2, container('b')], [21, 2, container('c')], [22, 2, '0::/user.slice/nsenter.scope']
  ]
  try {
    for (const [pid, inode, cgroup] of processes) {
      const directory = join(root, 'proc', String(pid))
      mkdirSync(join(directory, 'ns'), { recursive: true })
      symlinkSync(`net:[${inode}]`, join(directory, 'ns/net'))
      writeFileSync(join(directory, 'cgroup'), `${cgroup}\n`)
    }
    const { namespaces, containers } = await listNamespaces({ root, directories: [], processes: true, max: 10, nowMs: Date.now() })
    assert.equal([1, 2].map(inode => namespaces.get(inode)?.identity?.containerId?.[0]), [undefined, 'b'])
    assert.is(containers.size, 3)
  } finally {
    rmSync(root, { recursive: true })
  }
})

test('changed and made up texts are survived', () => {
  const random = seeded(20261125)
  const originals = [hostLocal([[{ subnet: '10.78.0.0/29', rangeStart: '10.78.0.2' }]]), '{"name":"n","plugins":[{"type":"bridge","ipam":{"type":"static","addresses":[{"address":"10.0.0.1/8"}]}}]}', cached, environment, '10.78.0.2', 'fd00::/64']
  const values = ['null', '7', '[]', '{}', '"\\u0000"', '-1', '1e999', '[[[]]]', '":', '"__proto__"']
  for (let round = 0; round < 20_000; round++) {
    const chars = [...random.pick(originals)]
    for (let n = random.below(4); n >= 0; n--) chars.splice(random.below(chars.length + 1), random.below(12), random.chance(0.5) ? random.pick(values) : String.fromCharCode(random.below(256)))
    const text = chars.join('')
    for (const file of ['a.conf', 'a.conflist']) {
      const { network, faults } = parseNetConf(file, text)
      assert.ok(network !== undefined || faults.length > 0, text)
      for (const set of network?.rangeSets ?? []) for (const r of set) assert.ok(r.first <= r.last && r.size >= 0n, text)
    }
    const attachment = parseAttachment(text)
    if (attachment !== undefined) for (const a of attachment.addresses) assert.ok(parseIp(a) !== undefined)
    assert.not(aboutOf(parseEnvironment(text)).command.includes('\0'))
    parseLease('n', text, text, 0)
    parseSubnet(text)
  }
})

test('the configuration directory: absent, empty, and each fault of its files and plugins', () => {
  const directory = mkdtempSync(join(tmpdir(), 'tapio-conf-'))
  const [confs, bins] = [join(directory, 'net.d'), join(directory, 'bin')]
  const files = new ConfFiles(confs, [bins], cniVersions)
  const names = (): string[] => files.read().problems.map(p => p.name)
  const conf = (file: string, content: object | string): void => { writeFileSync(join(confs, file), typeof content === 'string' ? content : JSON.stringify(content)) }
  try {
    assert.equal(files.read(), { networks: [], problems: [] }, 'a machine without CNI')
    mkdirSync(confs)
    mkdirSync(bins)
    assert.equal(names(), ['cni_conf_missing'])
    writeFileSync(join(confs, 'README'), 'not a configuration')
    conf('10-a.conf', { name: 'a', cniVersion: '0.4.0', type: 'bridge' })
    assert.equal(names(), ['cni_plugin_missing'])
    writeFileSync(join(bins, 'bridge'), '', { mode: 0o644 })
    assert.equal(names(), ['cni_plugin_not_executable'])
    chmodSync(join(bins, 'bridge'), 0o755)
    assert.equal(names(), [])
    conf('20-b.conflist', '{')
    conf('30-c.conf', { name: 'c', cniVersion: '5.0.0', type: 'bridge' })
    symlinkSync('/nowhere', join(confs, '40-d.conf'))
    mkdirSync(join(confs, '50-e.conf'))
    conf('60-f.conf', `"${'x'.repeat(1 << 20)}"`)
    const { problems, networks } = files.read()
    assert.equal(problems.map(p => p.name), ['cni_conf_invalid', 'cni_version_unsupported', 'cni_conf_invalid', 'cni_conf_invalid', 'cni_conf_invalid'])
    assert.is(new Set(problems.map(p => p.key)).size, problems.length, 'told apart')
    assert.equal(networks.map(n => n.name), ['a', 'c'])
    rmSync(confs, { recursive: true })
    assert.equal(names(), ['cni_conf_missing'], 'it was there')
  } finally {
    rmSync(directory, { recursive: true })
  }
})

test.run()
