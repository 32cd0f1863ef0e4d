import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { seeded } from '../data/testing/random.js'
import type { Pod } from '../kubernetes/objects.js'
import { FakeClock } from '../testing/fake-clock.js'
import { containerIdOf, makePod, uuidOf, type PodOptions } from '../testing/api-server/pods.js'
import { PodIndex } from './pod-index.js'
import type { ContainerFacts } from './pod-facts.js'

function open (options: { graceMs?: number, maxDeleted?: number } = {}): { clock: FakeClock, index: PodIndex, name: (slot: number | undefined) => string | undefined } {
  const clock = new FakeClock()
  const index = new PodIndex({ clock, selectTags: meta => meta.labels ?? {}, ...options })
  return { clock, index, name: slot => slot === undefined ? undefined : index.facts(slot).name }
}

const pod = (name: string, options: PodOptions = {}): Pod => makePod(name, { uid: uuidOf(name), ...options })

test('a pod is found by everything that names it, with what was said of it', () => {
  const { index, name } = open()
  index.put(pod('cart-0', { ip: '10.0.0.7', labels: { app: 'cart' }, owner: { kind: 'StatefulSet', name: 'cart' }, restarts: 2 }))
  for (const slot of [index.byUid(uuidOf('cart-0')), index.byIp('10.0.0.7'), index.byIp('::ffff:10.0.0.7'), index.byName('shop', 'cart-0'), index.byContainer(`containerd://${containerIdOf('cart-0', 2)}`)?.slot, index.byContainer(containerIdOf('cart-0', 1))?.slot]) assert.is(name(slot), 'cart-0')
  assert.equal(index.facts(index.byUid(uuidOf('cart-0')) as number), {
    uid: uuidOf('cart-0'), name: 'cart-0', namespace: 'shop', node: 'node-1', startMs: Date.UTC(2026, 0, 1), deleted: false,
    owner: { kind: 'StatefulSet', name: 'cart', uid: uuidOf('cart') }, workload: undefined, tags: { app: 'cart' }, ips: ['10.0.0.7'],
    containers: [{ name: 'main', image: 'registry.example/shop/cart:1.2.3', id: containerIdOf('cart-0', 2) } satisfies ContainerFacts]
  })
  for (const slot of [index.byUid('none'), index.byIp('10.0.0.8'), index.byIp('no address'), index.byName('shop', 'cart'), index.byContainer('abc')?.slot]) assert.is(slot, undefined)
})

test('the workload behind the owner is told by the rules of names', () => {
  const { index } = open()
  const cases: [PodOptions, string | undefined][] = [
    [{ owner: { kind: 'ReplicaSet', name: 'cart-7d9f8' }, labels: { 'pod-template-hash': '7d9f8' } }, 'Deployment cart'],
    [{ owner: { kind: 'ReplicaSet', name: 'my-web-app-6c' }, labels: { 'pod-template-hash': '6c' } }, 'Deployment my-web-app'],
    [{ owner: { kind: 'ReplicaSet', name: 'by-hand' } }, undefined],
    [{ owner: { kind: 'Job', name: 'backup-29102340' } }, 'CronJob backup'],
    [{ owner: { kind: 'Job', name: 'migrate-3' } }, undefined],
    [{ owner: { kind: 'DaemonSet', name: 'agent' } }, undefined],
    [{}, undefined]
  ]
  cases.forEach(([options, expected], i) => {
    index.put(pod(`p${i}`, options))
    const { workload } = index.facts(index.byUid(uuidOf(`p${i}`)) as number)
    assert.is(workload === undefined ? undefined : `${workload.kind} ${workload.name}`, expected)
  })
})

test('pods on their node\'s network are not found by its address', () => {
  const { index, name } = open()
  index.put(pod('agent', { ip: '192.168.0.1', hostNetwork: true }))
  assert.is(index.byIp('192.168.0.1'), undefined)
  assert.is(name(index.byUid(uuidOf('agent'))), 'agent')
})

test('an address that was given to another belongs to whoever had it at the time', async () => {
  const { clock, index, name } = open({ graceMs: 60_000 })
  const t0 = clock.unixMs()
  index.put(pod('old', { ip: '10.0.0.1', startTime: new Date(t0).toISOString() }))
  await clock.advance(10_000)
  const answer = index.version(index.byIp('10.0.0.1') as number)
  index.put(pod('new', { ip: '10.0.0.1', startTime: new Date(t0 + 10_000).toISOString() }))
  assert.is.not(index.version(index.byUid(uuidOf('old')) as number), answer, 'an answer kept for the address must be asked again')
  assert.is(name(index.byIp('10.0.0.1')), 'new')
  index.remove(pod('old'))
  await clock.advance(10_000)
  assert.is(name(index.byIp('10.0.0.1')), 'new')
  assert.is(name(index.byIp('10.0.0.1', t0 + 5000)), 'old')
  index.remove(pod('new'))
  assert.is(name(index.byIp('10.0.0.1')), 'new', 'the last who had it')
})

test('a finished pod gives its address up before it is deleted', async () => {
  const { clock, index, name } = open()
  index.put(pod('job', { ip: '10.0.0.1' }))
  await clock.advance(1000)
  index.put(pod('job', { ip: '10.0.0.1', phase: 'Succeeded' }))
  index.put(pod('next', { ip: '10.0.0.1' }))
  await clock.advance(1000)
  assert.is(name(index.byIp('10.0.0.1')), 'next')
  assert.is(name(index.byUid(uuidOf('job'))), 'job')
})

test('deleted pods are kept for the grace time, and not more of them than allowed', async () => {
  const { clock, index } = open({ graceMs: 1000, maxDeleted: 3 })
  for (let i = 0; i < 6; i++) index.put(pod(`p${i}`))
  for (let i = 0; i < 5; i++) index.remove(pod(`p${i}`))
  assert.equal([0, 1, 2, 3, 4, 5].map(i => index.byUid(uuidOf(`p${i}`)) !== undefined), [false, false, true, true, true, true])
  await clock.advance(1001)
  assert.equal([2, 3, 4, 5].map(i => index.byUid(uuidOf(`p${i}`)) !== undefined), [false, false, false, true])
  assert.equal([index.liveCount, index.deletedCount], [1, 0])
})

test('a list that lacks a pod deletes it; a change of nothing that is kept changes no version', () => {
  const { index } = open()
  index.listing()
  index.put(pod('a'))
  index.put(pod('b'))
  index.listed()
  const [a, { epoch }] = [index.byUid(uuidOf('a')) as number, index]
  const version = index.version(a)
  index.listing()
  index.put({ ...pod('a'), metadata: { ...pod('a').metadata, resourceVersion: '77' } })
  index.listed()
  assert.is(index.version(a), version)
  assert.is.not(index.epoch, epoch)
  assert.equal(['a', 'b'].map(n => index.facts(index.byUid(uuidOf(n)) as number).deleted), [false, true])
})

test('random changes: every answer is what a plain map of pods says', async () => {
  for (let seed = 1; seed <= 20; seed++) {
    const random = seeded(seed)
    const { clock, index } = open({ graceMs: 5000 })
    const plain = new Map<string, { pod: Pod, goneAtMs: number }>()
    for (let step = 0; step < 400; step++) {
      if (random.chance(0.1)) await clock.advance(random.below(2000))
      const name = `p${random.below(30)}-${random.below(3)}`
      const held = plain.get(name)
      if (random.chance(0.3)) {
        if (held !== undefined && held.goneAtMs === Infinity) { index.remove(held.pod); held.goneAtMs = clock.unixMs() }
      } else {
        const object = pod(name, { ip: `10.0.0.${random.below(40)}`, restarts: random.below(3), node: `n${random.below(4)}`, labels: { v: String(random.below(3)) } })
        index.put(object)
        plain.set(name, { pod: object, goneAtMs: Infinity })
      }
    }
    for (const [name, { pod: object, goneAtMs }] of plain) {
      const slot = index.byUid(uuidOf(name))
      if (goneAtMs + 5000 <= clock.unixMs()) { assert.is(slot, undefined, `seed ${seed} ${name}`); continue }
      const facts = index.facts(slot as number)
      assert.equal([facts.name, facts.node, facts.tags, facts.ips, facts.deleted], [name, object.spec?.nodeName, object.metadata?.labels, [object.status?.podIP], goneAtMs !== Infinity], `seed ${seed}`)
      assert.is(index.byName('shop', name), slot)
      assert.is(index.byContainer(object.status?.containerStatuses?.[0]?.containerID ?? '')?.slot, slot)
    }
    for (let i = 0; i < 40; i++) {
      const held = [...plain].filter(([, { pod: p, goneAtMs }]) => p.status?.podIP === `10.0.0.${i}` && goneAtMs + 5000 > clock.unixMs())
      const [living, lastGoneMs] = [held.filter(([, h]) => h.goneAtMs === Infinity), Math.max(...held.map(([, h]) => h.goneAtMs))]
      const right = (living.length > 0 ? living : held.filter(([, h]) => h.goneAtMs === lastGoneMs)).map(([name]) => name)
      const slot = index.byIp(`10.0.0.${i}`)
      assert.ok(slot === undefined ? right.length === 0 : right.includes(index.facts(slot).name), `seed ${seed}: 10.0.0.${i} is ${slot === undefined ? 'nobody' : index.facts(slot).name}, not one of ${right.join()}`)
    }
    for (const { pod: object } of plain.values()) index.remove(object)
    await clock.advance(6000)
    assert.is(index.byUid('x'), undefined)
    assert.equal([index.liveCount, index.deletedCount, index.uids.size, index.names.size, index.ips.size, index.containers.size, index.strings.size], [0, 0, 0, 0, 0, 0, 1], `seed ${seed}: something is left`)
  }
})

test.run()
