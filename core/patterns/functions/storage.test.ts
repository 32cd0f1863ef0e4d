/** Guarantees: a volume and a claim are held against each other as the controller of volumes does. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { sceneWith, valueOf } from '../testing.js'

const pv = (spec: object = {}, phase = 'Available'): object => ({ kind: 'PersistentVolume', metadata: { name: 'v' }, spec: { capacity: { storage: '5Gi' }, accessModes: ['ReadWriteOnce'], storageClassName: 'slow', ...spec }, status: { phase } })
const pvc = (spec: object = {}): object => ({ kind: 'PersistentVolumeClaim', metadata: { name: 'c', namespace: 'shop' }, spec: { accessModes: ['ReadWriteOnce'], storageClassName: 'slow', resources: { requests: { storage: '5Gi' } }, ...spec }, status: { phase: 'Pending' } })
const made = (name: string, provisioner: string, isDefault = false): object => ({ kind: 'StorageClass', metadata: { name, annotations: isDefault ? { 'storageclass.kubernetes.io/is-default-class': 'true' } : {} }, provisioner })
const claim = 'object("PersistentVolumeClaim", "shop", "c")'

for (const [name, volume, wanted, reasons] of [
  ['it fits', pv(), pvc(), []],
  ['the claim says no size', pv(), pvc({ resources: null }), []],
  ['reserved for it', pv({ claimRef: { name: 'c', namespace: 'shop' } }), pvc(), []],
  ['reserved for one of the name elsewhere', pv({ claimRef: { name: 'c', namespace: 'other' } }), pvc(), ['bound']],
  ['released by it', pv({ claimRef: { name: 'c', namespace: 'shop' } }, 'Released'), pvc(), ['bound']],
  ['another was named', pv(), pvc({ volumeName: 'w' }), ['name']],
  ['named and taken', pv({ claimRef: { name: 'd', namespace: 'shop' } }, 'Bound'), pvc({ volumeName: 'v' }), ['bound']],
  ['a block device', pv({ volumeMode: 'Block' }), pvc(), ['volumeMode']],
  ['smaller and of another class', pv({ capacity: { storage: '1Gi' }, storageClassName: '' }), pvc(), ['class', 'size']]
] as const) {
  test(name, () => { assert.equal(valueOf(`volumeFits(all("PersistentVolume")[0], ${claim}).reasons`, sceneWith([volume, wanted])), reasons) })
}

for (const [name, objects, wanted, className, isProvisioned] of [
  ['its own class', [made('slow', 'x.csi')], pvc(), 'slow', true],
  ['a class that makes none', [made('slow', 'kubernetes.io/no-provisioner')], pvc(), 'slow', false],
  ['a class that is not there', [], pvc(), 'slow', false],
  ['the default class', [made('a', 'x.csi'), made('b', 'x.csi', true)], pvc({ storageClassName: undefined }), 'b', true],
  ['none, on purpose', [made('b', 'x.csi', true)], pvc({ storageClassName: '' }), '', false],
  ['none, and no default', [made('a', 'x.csi')], pvc({ storageClassName: undefined }), '', false]
] as const) {
  test(`class: ${name}`, () => {
    const scene = sceneWith([...objects, wanted])
    assert.equal([valueOf(`claimClass(${claim})`, scene), valueOf(`isProvisioned(${claim})`, scene)], [className, isProvisioned])
  })
}

test('claims of a StatefulSet are those of its pods, each once', () => {
  const volumes = (name: string): object[] => [{ name, persistentVolumeClaim: { claimName: name } }]
  const scene = sceneWith([
    pvc(), { kind: 'StatefulSet', metadata: { name: 's', namespace: 'shop' }, spec: { template: { spec: { volumes: volumes('c') } } } },
    ...['c', 'gone'].map((name, i) => ({ kind: 'Pod', metadata: { name: `s-${i}`, namespace: 'shop', ownerReferences: [{ kind: 'StatefulSet', name: 's', controller: true }] }, spec: { volumes: volumes(name) } }))
  ])
  assert.equal(valueOf('claims(subject).map(c, c.metadata.name)', scene, 'StatefulSet/shop/s'), ['c'])
  assert.equal(valueOf('missingClaims(subject).map(c, c.name)', scene, 'StatefulSet/shop/s'), ['gone'])
})

test.run()
