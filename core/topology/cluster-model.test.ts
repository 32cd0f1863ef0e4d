/** Guarantees: the model holds the newest object of a name, whatever order rows come in. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { ClusterModel } from './cluster-model.js'

const claim = (uid: string): { readonly kind: string, readonly metadata: { readonly namespace: string, readonly name: string, readonly uid: string } } => ({ kind: 'PersistentVolumeClaim', metadata: { namespace: 'shop', name: 'data', uid } })
const ref = { kind: 'PersistentVolumeClaim', namespace: 'shop', name: 'data' }

test('a deletion that comes late leaves the successor', () => {
  const model = new ClusterModel()
  model.put(ref.kind, claim('a'), 1000)
  model.put(ref.kind, claim('b'), 2000)
  model.remove(ref.kind, claim('a'), 2000)
  assert.is(model.object(ref)?.metadata?.uid, 'b')
  assert.is(model.graph.atMs(3000).node(ref)?.exists, true)
})

test('its own deletion removes it', () => {
  const model = new ClusterModel()
  model.put(ref.kind, claim('a'), 1000)
  model.remove(ref.kind, claim('a'), 2000)
  assert.is(model.object(ref), undefined)
})

test('without uids the name decides', () => {
  const model = new ClusterModel()
  const plain = { kind: ref.kind, metadata: { namespace: 'shop', name: 'data' } }
  model.put(ref.kind, plain, 1000)
  model.remove(ref.kind, plain, 2000)
  assert.is(model.object(ref), undefined)
})

test.run()
