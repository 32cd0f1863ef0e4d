import * as assert from 'uvu/assert'
import { test } from 'uvu'
import type { Change } from '../../core/kubernetes/changes/index.js'
import type { KubeObject } from '../../core/kubernetes/objects.js'
import { FakeClock } from '../../core/testing/fake-clock.js'
import type { ChangeQueue } from './change-queue.js'
import { Tracker } from './tracker.js'

const pod = (resourceVersion: string): KubeObject => ({ kind: 'Pod', metadata: { namespace: 'shop', name: 'cart-0', uid: 'u1', resourceVersion } })

function trackerOf (objects: 'changes' | 'all'): { readonly tracker: Tracker, readonly told: Change[] } {
  const told: Change[] = []
  const queue = { add: ({ change }: { readonly change: Change }) => { told.push(change) }, room: () => undefined } as unknown as ChangeQueue
  const tracker = new Tracker('Pod', {
    config: { objects, events_since: 0, exclude_namespaces: [], max_objects: 1000 }, clock: new FakeClock(), queue, total: { held: 0 }, share: text => text,
    notHeld: () => { throw new Error('no room') }, malformed: (_, error) => { throw error }
  })
  return { tracker, told }
}

test('objects that did not change while Tapio was away are told again to those who keep a picture', () => {
  const { tracker, told } = trackerOf('all')
  tracker.restore([pod('7')])
  tracker.listing(); tracker.put(pod('7')); tracker.listed()
  assert.equal(told.map(c => c.reason), ['PodObserved'])
  tracker.put(pod('7'))
  assert.is(told.length, 1)
})

test('others are not told what they know', () => {
  const { tracker, told } = trackerOf('changes')
  tracker.restore([pod('7')])
  tracker.listing(); tracker.put(pod('7')); tracker.listed()
  assert.is(told.length, 0)
})

test.run()
