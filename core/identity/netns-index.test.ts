import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { NetnsIndex } from './netns-index.js'

const container = (containerId: string, podUid?: string): { kind: 'container', containerId: string, podUid?: string } => ({ kind: 'container', containerId, ...(podUid !== undefined && { podUid }) })

test('the containers of a pod share a namespace, which is the pod\'s', () => {
  const index = new NetnsIndex({ maxNamespaces: 10, hostNetns: 1 })
  index.observe(5, { ...container('pause', 'u'), qos: 'burstable', runtime: 'containerd' })
  index.observe(5, { ...container('app', 'u'), qos: 'burstable', runtime: 'containerd' })
  index.observe(5, { ...container('app', 'u'), qos: 'burstable', runtime: 'containerd' })
  assert.equal(index.lookup(5), { containerIds: ['pause', 'app'], podUid: 'u', qos: 'burstable', runtime: 'containerd' })
})

test('the machine\'s own namespace is nobody\'s, nor is one of which only a unit, pod or monitor was seen', () => {
  const index = new NetnsIndex({ maxNamespaces: 10, hostNetns: 1 })
  index.observe(1, container('host-network'))
  index.observe(0, container('x'))
  index.observe(6, { kind: 'unit', unit: 'a.service' })
  index.observe(6, { kind: 'monitor', containerId: 'x' })
  assert.equal([index.lookup(1), index.lookup(0), index.lookup(6), index.size], [undefined, undefined, undefined, 0])
})

test('a number that is used again belongs to the later pod', () => {
  const index = new NetnsIndex({ maxNamespaces: 10, hostNetns: 1 })
  index.observe(5, container('a', 'u'))
  index.observe(5, container('b', 'v'))
  assert.equal(index.lookup(5), { containerIds: ['b'], podUid: 'v' })
})

test('bounded in namespaces and in containers of one', () => {
  const index = new NetnsIndex({ maxNamespaces: 10, hostNetns: 1 })
  for (let n = 2; n < 100; n++) index.observe(n, container(`c${n}`))
  assert.is(index.size, 10)
  assert.is(index.lookup(50), undefined)
  for (let n = 0; n < 100; n++) index.observe(99, container(`r${n}`))
  assert.is(index.lookup(99)?.containerIds.length, 32)
})

test.run()
