import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { layoutOf, roleOf } from './layout.js'

test('files are known by the places their tools put them', () => {
  const id = 'ab'.repeat(32)
  const uid = '7a6bd0f2-11aa-4b6e-9c0f-0123456789ab'
  const cases: [string, object][] = [
    ['shop/pods.json', { is: 'objects' }],
    ['nodes.json', { is: 'objects' }],
    ['shop/cart-0/logs.txt', { is: 'log', namespace: 'shop', pod: 'cart-0' }],
    ['quay-io/namespaces/shop/core/pods.yaml', { is: 'objects' }],
    ['quay-io/namespaces/shop/pods/cart-0/main/main/logs/current.log', { is: 'log', namespace: 'shop', pod: 'cart-0', container: 'main' }],
    ['namespaces/shop/pods/cart-0/main/main/logs/previous.log', { is: 'log', namespace: 'shop', pod: 'cart-0', container: 'main', previous: true }],
    ['namespaces/shop/pods/cart-0/cart-0.yaml', { is: 'objects' }],
    ['cluster-scoped-resources/core/nodes/node-1.yaml', { is: 'objects' }],
    ['host_service_logs/masters/kubelet_service.log', { is: 'journal', node: '', unit: 'kubelet.service' }],
    [`pods/shop_cart-0_${uid}/main/0.log`, { is: 'log', namespace: 'shop', pod: 'cart-0', container: 'main' }],
    [`cart-0_shop_main-${id}.log`, { is: 'log', namespace: 'shop', pod: 'cart-0', container: 'main' }],
    ['logs/cart.log', { is: 'log', subject: 'cart' }],
    ['logs/cart-previous.log', { is: 'log', subject: 'cart', previous: true }],
    ['nodes/node-1/kubelet.systemctl-status.txt', { is: 'unit', node: 'node-1', unit: 'kubelet.service' }],
    ['nodes/node-1/systemctl-status-crio.socket.txt', { is: 'unit', node: 'node-1', unit: 'crio.socket' }],
    ['nodes/node-1/journal.txt', { is: 'journal', node: 'node-1', unit: '' }],
    ['nodes/node-1/containerd.log', { is: 'journal', node: 'node-1', unit: 'containerd.service' }],
    ['alerts.json', { is: 'alerts' }],
    ['monitoring/alertmanager.json', { is: 'alerts' }],
    ['collected-at', { is: 'collected' }],
    ['core.dump', { is: 'unknown' }],
    ['etc/README', { is: 'unknown' }]
  ]
  for (const [name, expected] of cases) assert.equal(roleOf(name), expected, name)
})

test('the tool is named', () => {
  assert.is(layoutOf(['x/namespaces/shop/core/pods.yaml']), 'must-gather')
  assert.is(layoutOf(['nodes.json', 'shop/replication-controllers.json']), 'cluster-info dump')
  assert.is(layoutOf(['all.yaml']), 'single file')
  assert.is(layoutOf(['pods.json', 'nodes.json']), 'files of kubectl output')
})

test.run()
