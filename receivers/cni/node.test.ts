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

/** Waits for an event and says how long it took. */
async function timed (watching: Watch, what: string, fits: (e: EventRow) => boolean): Promise<EventRow> {
  const start = performance.now()
  const event = await watching.seen(what, fits)
  console.log(`  ${what}: seen after ${Math.round(performance.now() - start)} ms`)
  return event
}

const problems = (watching: Watch): string[] => watching.events().filter(e => e.get('action') === 'started').map(e => e.get('name') ?? '')

incident('a range that runs out: coming, reached, over', async context => {
  const { node } = context
  const conf = node.network('small', '10.78.1.0/29')
  node.conf('10-small.conf', conf)
  const watching = context.watching = await watch({ ...node.options, usage_warning: 0.75 })
  for (const n of [1, 2, 3, 4]) node.pod(`p${n}`, conf)
  const near = await timed(watching, 'exhaustion coming', turn('ipam_exhaustion_near', 'started'))
  assert.match(near.get('message') ?? '', /^network small is running out of addresses: 4 of 5 addresses of 10\.78\.1\.0\/29/)
  node.pod('p5', conf)
  const full = await timed(watching, 'exhaustion', turn('ipam_exhausted', 'started'))
  assert.equal([full.severityName, full.attribute('tapio.cni.network'), full.attribute('tapio.ipam.used'), full.attribute('tapio.ipam.size')], ['critical', 'small', 5n, 5n])
  node.space('p6')
  const { code, answer } = node.run('ADD', conf, 'p6')
  assert.ok(code !== 0 && /no IP addresses available in range set/.test(answer.msg ?? ''), 'the plugin agrees')
  assert.is(node.run('DEL', conf, 'p5').code, 0)
  await timed(watching, 'addresses again', turn('ipam_exhausted', 'resolved'))
  assert.equal(problems(watching).filter(n => !n.startsWith('ipam_exhaust')), [], 'nothing else is wrong')
})

incident('a pod that is lost without DEL leaks its address, and is named', async context => {
  const { node } = context
  const conf = node.network('leaky', '10.78.2.0/24')
  node.conf('10-leaky.conf', conf)
  const watching = context.watching = await watch(node.options)
  node.pod('keeps', conf)
  node.pod('lost', conf)
  await watching.seen('the address', e => e.get('name') === 'address_added' && e.attribute('tapio.network.address') === '10.78.2.1')
  await watching.seen('the pods\' bridge ports', e => e.get('name') === 'link_added')
  node.lose('lost')
  const leak = await timed(watching, 'leak', turn('ipam_lease_leaked', 'started'))
  assert.equal([leak.attribute('tapio.ipam.holder'), leak.attribute('tapio.network.address'), leak.resource.attributes['container.id'], leak.get('interfaceName')], ['lost', '10.78.2.3', 'lost', 'eth0'])
  rmSync(join(node.ipamDir, 'leaky/10.78.2.3'))
  await timed(watching, 'leak over', turn('ipam_lease_leaked', 'resolved'))
  assert.equal(problems(watching), ['ipam_lease_leaked'])
})

incident('an address that two pods have is found though both ADDs succeeded', async context => {
  const { node } = context
  const conf = { ...node.network('static', '10.78.3.0/24'), isGateway: false, ipam: { type: 'static', addresses: [{ address: '10.78.3.2/24' }] } }
  node.conf('10-static.conf', conf)
  const watching = context.watching = await watch(node.options)
  node.pod('a', conf)
  node.pod('b', conf)
  const duplicate = await timed(watching, 'duplicate', turn('ip_address_duplicate', 'started'))
  assert.equal([duplicate.severityName, duplicate.attribute('tapio.network.address')], ['error', '10.78.3.2'])
  assert.equal([...duplicate.attribute('tapio.netns.paths') as string[]].sort(), ['a', 'b'].map(p => `/run/netns/${node.name}-${p}`))
  node.lose('b')
  await timed(watching, 'duplicate over', turn('ip_address_duplicate', 'resolved'))
  assert.equal(problems(watching), ['ip_address_duplicate'])
})

incident('a plugin that is missing and a configuration that is none are told apart', async context => {
  const { node } = context
  node.conf('10-good.conf', node.network('good', '10.78.4.0/24'))
  const watching = context.watching = await watch(node.options)
  await watching.seen('a first look', () => watching.logger.lines.some(l => l.message === 'CNI networks')).catch(() => undefined)
  node.plugin('host-local', false)
  const missing = await timed(watching, 'missing plugin', turn('cni_plugin_missing', 'started'))
  assert.match(missing.get('message') ?? '', /^CNI plugin host-local of network good \(10-good\.conf\) is in none of .+\/bin: no pod gets a network/)
  node.conf('20-bad.conflist', '{"name": "bad", "plugins": [')
  const bad = await timed(watching, 'bad configuration', turn('cni_conf_invalid', 'started'))
  assert.match(bad.get('message') ?? '', /20-bad\.conflist is not JSON/)
  node.conf('30-new.conf', { ...node.network('new', '10.78.5.0/24'), cniVersion: '9.0.0', ipam: {} })
  await timed(watching, 'unsupported version', turn('cni_version_unsupported', 'started', '"9.0.0"'))
  node.plugin('host-local', true)
  await timed(watching, 'plugin again', turn('cni_plugin_missing', 'resolved'))
  rmSync(join(node.confDir, '20-bad.conflist'))
  await timed(watching, 'bad configuration gone', turn('cni_conf_invalid', 'resolved'))
  assert.equal(problems(watching).sort(), ['cni_conf_invalid', 'cni_plugin_missing', 'cni_version_unsupported'])
})

incident('an interface of a pod that goes down is told once, for the pod and not for its other end', async context => {
  const { node } = context
  const conf = node.network('links', '10.78.6.0/24')
  node.conf('10-links.conf', conf)
  node.pod('web', conf)
  const watching = context.watching = await watch(node.options)
  node.space('late')
  node.ip('-n', `${node.name}-late`, 'link', 'set', 'lo', 'up')
  // The looks that saw this have seen everything that was there before.
  await watching.seen('a later namespace', e => e.get('name') === 'link_changed' && e.get('interfaceName') === 'lo').catch(() => undefined)
  node.ip('-n', `${node.name}-web`, 'link', 'set', 'eth0', 'down')
  const down = await timed(watching, 'link down', turn('link_down', 'started'))
  assert.equal([down.severityName, down.get('interfaceName'), down.resource.attributes['container.id'], down.attribute('tapio.link.set_down')], ['error', 'eth0', 'web', true])
  node.ip('-n', `${node.name}-web`, 'link', 'set', 'eth0', 'up')
  await timed(watching, 'link up', turn('link_down', 'resolved'))
  assert.equal(problems(watching), ['link_down'])
})

runs('runs of plugins have their pod, command, code and duration', async context => {
  const { node } = context
  const conf = node.network('runs', '10.78.7.0/30')
  node.conf('10-runs.conf', conf)
  const watching = context.watching = await watch({ ...node.options, plugin_runs: { enabled: true } })
  node.pod('first', conf)
  const ran = await timed(watching, 'run', e => e.get('name') === 'cni_plugin_run' && e.attribute('tapio.cni.plugin') === 'bridge')
  assert.equal([ran.get('action'), ran.get('entityName'), ran.get('entityNamespace'), ran.get('returnCode'), ran.resource.attributes['k8s.pod.uid']], ['ADD', 'first', 'shop', 0, 'uid-first'])
  assert.ok((ran.get('durationNano') ?? 0n) > 0n)
  node.space('second')
  const { code } = node.run('ADD', conf, 'second')
  assert.ok(code !== 0)
  const failed = await timed(watching, 'failed run', e => e.get('name') === 'cni_plugin_failed' && e.attribute('tapio.cni.plugin') === 'bridge')
  assert.equal([failed.severityName, failed.resource.attributes['k8s.pod.uid'], failed.get('returnCode')], ['error', 'uid-second', code])
  const ipam = await watching.seen('failed IPAM run', e => e.get('name') === 'cni_plugin_failed' && e.attribute('tapio.cni.plugin') === 'host-local')
  assert.is(ipam.attribute('tapio.cni.parent_plugin'), 'bridge')
})

real.run()
