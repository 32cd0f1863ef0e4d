/**
 * Scenario: the real plugins give pods a network, and everything that goes wrong with it is made to.
 * Guarantees: each fault is told once, by its own name, with its pod or network; and once more when it is over.
 * Times are printed, not asserted: other tests share the machine. Needs root, containernetworking-plugins, iproute2.
 */
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { EventRow } from '../../core/data/row.js'
import { kernelTestFault } from '../../native/testing/kernel.js'
import { Node, nodeFault } from './testing/node.js'
import { turn, watch, type Watch } from './testing/watch.js'

const fault = nodeFault()
if (fault !== '') console.log(`SKIP faults of a real CNI network: ${fault}`)
const runsFault = fault || kernelTestFault()
if (fault === '' && runsFault !== '') console.log(`SKIP runs of CNI plugins: ${runsFault}`)

const real = suite<{ node: Node, watching: Watch }>('a real network')
const incident = fault === '' ? real : real.skip
const runs = runsFault === '' ? real : real.skip

real.before.each(async context => {
  if (fault !== '') return
  context.node = new Node()
})
real.after.each(async ({ watching, node }) => {
  await watching?.stop()
  node?.close()
})

/** Does something, waits for the event, and says how long after its beginning it came. */
async function timed (watching: Watch, what: string, fits: (e: EventRow) => boolean, act: () => unknown): Promise<EventRow> {
  const start = performance.now()
  await act()
  const event = await watching.seen(what, fits)
  console.log(`  ${what}: seen after ${Math.round(performance.now() - start)} ms`)
  return event
}

/** All that were told, but for those of the machine's own interfaces: other tests share them. */
function problems (watching: Watch): string[] {
  const own = watching.events().filter(e => e.get('action') === 'started' && !(e.get('name') === 'link_down' && e.attribute('tapio.netns.path') === undefined))
  return own.map(e => e.get('name') ?? '')
}

incident('a range that runs out: coming, reached, over', async context => {
  const { node } = context
  const conf = node.network('small', '10.78.1.0/29')
  node.conf('10-small.conf', conf)
  const watching = context.watching = await watch({ ...node.options, usage_warning: 0.75 })
  for (const n of [1, 2, 3, 4]) await node.pod(`p${n}`, conf)
  const near = await watching.seen('exhaustion coming', turn('ipam_exhaustion_near', 'started'))
  assert.match(near.get('message') ?? '', /^network small is running out of addresses: 4 of 5 addresses of 10\.78\.1\.0\/29/)
  const full = await timed(watching, 'exhaustion', turn('ipam_exhausted', 'started'), () => node.pod('p5', conf))
  assert.equal([full.severityName, full.attribute('tapio.cni.network'), full.attribute('tapio.ipam.used'), full.attribute('tapio.ipam.size')], ['critical', 'small', 5n, 5n])
  node.space('p6')
  const { code, answer } = await node.run('ADD', conf, 'p6')
  assert.ok(code !== 0 && /no IP addresses available in range set/.test(answer.msg ?? ''), 'the plugin agrees')
  await timed(watching, 'addresses again', turn('ipam_exhausted', 'resolved'), async () => { assert.is((await node.run('DEL', conf, 'p5')).code, 0) })
  assert.equal(problems(watching).filter(n => !n.startsWith('ipam_exhaust')), [], 'nothing else is wrong')
})

incident('a pod that is lost without DEL leaks its address, and is named', async context => {
  const { node } = context
  const conf = node.network('leaky', '10.78.2.0/24')
  node.conf('10-leaky.conf', conf)
  const watching = context.watching = await watch(node.options)
  await node.pod('keeps', conf)
  await node.pod('lost', conf)
  for (const address of ['10.78.2.2', '10.78.2.3']) await watching.seen(address, e => e.get('name') === 'address_added' && e.attribute('tapio.network.address') === address)
  const leak = await timed(watching, 'leak', turn('ipam_lease_leaked', 'started'), () => { node.lose('lost') })
  assert.equal([leak.attribute('tapio.ipam.holder'), leak.attribute('tapio.network.address'), leak.resource.attributes['container.id'], leak.get('interfaceName')], ['lost', '10.78.2.3', 'lost', 'eth0'])
  await timed(watching, 'leak over', turn('ipam_lease_leaked', 'resolved'), () => { rmSync(join(node.ipamDir, 'leaky/10.78.2.3')) })
  assert.equal(problems(watching), ['ipam_lease_leaked'])
})

incident('an address that two pods have is found though both ADDs succeeded', async context => {
  const { node } = context
  const conf = { ...node.network('static', '10.78.3.0/24'), isGateway: false, ipam: { type: 'static', addresses: [{ address: '10.78.3.2/24' }] } }
  node.conf('10-static.conf', conf)
  const watching = context.watching = await watch(node.options)
  await node.pod('a', conf)
  const duplicate = await timed(watching, 'duplicate static address', turn('ip_address_duplicate', 'started'), () => node.pod('b', conf))
  assert.equal([duplicate.severityName, duplicate.attribute('tapio.network.address')], ['error', '10.78.3.2'])
  assert.equal([...duplicate.attribute('tapio.netns.paths') as string[]].sort(), ['a', 'b'].map(p => join(node.netnsDir, `${node.name}-${p}`)))
  await timed(watching, 'duplicate over', turn('ip_address_duplicate', 'resolved'), () => { node.lose('b') })
  assert.equal(problems(watching), ['ip_address_duplicate'])
})

incident('a plugin that is missing and a configuration that is none are told apart', async context => {
  const { node } = context
  node.conf('10-good.conf', node.network('good', '10.78.4.0/24'))
  const watching = context.watching = await watch(node.options)
  const missing = await timed(watching, 'missing plugin', turn('cni_plugin_missing', 'started'), () => { node.plugin('host-local', false) })
  assert.match(missing.get('message') ?? '', /^CNI plugin host-local of network good \(10-good\.conf\) is in none of .+\/bin: no pod gets this network/)
  const bad = await timed(watching, 'bad configuration', turn('cni_conf_invalid', 'started'), () => { node.conf('20-bad.conflist', '{"name": "bad", "plugins": [') })
  assert.match(bad.get('message') ?? '', /20-bad\.conflist is not JSON/)
  await timed(watching, 'unsupported version', turn('cni_version_unsupported', 'started', '"9.0.0"'), () => { node.conf('30-new.conf', { ...node.network('new', '10.78.5.0/24'), cniVersion: '9.0.0', ipam: {} }) })
  await timed(watching, 'plugin again', turn('cni_plugin_missing', 'resolved'), () => { node.plugin('host-local', true) })
  await timed(watching, 'bad configuration gone', turn('cni_conf_invalid', 'resolved'), () => { rmSync(join(node.confDir, '20-bad.conflist')) })
  assert.equal(problems(watching).sort(), ['cni_conf_invalid', 'cni_plugin_missing', 'cni_version_unsupported'])
})

incident('an interface of a pod that goes down is told once, for the pod and not for its other end', async context => {
  const { node } = context
  const conf = node.network('links', '10.78.6.0/24')
  node.conf('10-links.conf', conf)
  await node.pod('web', conf)
  const watching = context.watching = await watch(node.options)
  node.space('late')
  node.ip('-n', `${node.name}-late`, 'link', 'add', 'later', 'type', 'veth', 'peer', 'name', 'other')
  // Who has seen this, has seen everything that was there before.
  await watching.seen('a later interface', e => e.get('name') === 'link_added' && e.get('interfaceName') === 'later')
  const eth0 = (state: string) => () => { node.ip('-n', `${node.name}-web`, 'link', 'set', 'eth0', state) }
  const down = await timed(watching, 'link down', turn('link_down', 'started'), eth0('down'))
  assert.equal([down.severityName, down.get('interfaceName'), down.resource.attributes['container.id'], down.attribute('tapio.link.set_down')], ['error', 'eth0', 'web', true])
  await timed(watching, 'link up', turn('link_down', 'resolved'), eth0('up'))
  assert.equal(problems(watching), ['link_down'])
})

runs('runs of plugins have their pod, command, code and duration', async context => {
  const { node } = context
  const conf = node.network('runs', '10.78.7.0/30')
  node.conf('10-runs.conf', conf)
  const watching = context.watching = await watch({ ...node.options, plugin_runs: { enabled: true } })
  const of = (name: string, plugin: string, pod: string) => (e: EventRow): boolean => e.get('name') === name && e.attribute('tapio.cni.plugin') === plugin && e.get('action') === 'ADD' && e.get('entityName') === pod
  for (const pod of ['first', 'second']) node.space(pod)
  const ran = await watching.seenAfter('run', of('cni_plugin_run', 'bridge', 'first'), async () => {
    await node.run('DEL', conf, 'first')
    await node.run('ADD', conf, 'first')
  })
  assert.equal([ran.get('entityNamespace'), ran.get('returnCode'), ran.resource.attributes['k8s.pod.uid'], ran.resource.attributes['container.id']], ['shop', 0, 'uid-first', 'first'])
  assert.ok((ran.get('durationNano') ?? 0n) > 0n)
  const codes = new Set<number | null>()
  const failed = await watching.seenAfter('failed run', of('cni_plugin_failed', 'host-local', 'second'), async () => {
    await node.run('DEL', conf, 'second')
    codes.add((await node.run('ADD', conf, 'second')).code)
  })
  assert.equal([...codes], [failed.get('returnCode')], 'each time, with the same code')
  assert.equal([failed.severityName, failed.resource.attributes['k8s.pod.uid'], failed.attribute('tapio.cni.parent_plugin')], ['error', 'uid-second', 'bridge'])
})

real.run()
