import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { KubeObject } from '../kubernetes/objects.js'
import { AddressIndex } from './address-index.js'

const meta = (name: string, namespace?: string): KubeObject => ({ metadata: { name, ...(namespace === undefined ? {} : { namespace }) } })
const service: KubeObject & Record<string, unknown> = { ...meta('cart', 'shop'), spec: { clusterIP: '10.96.0.5', clusterIPs: ['10.96.0.5', 'fd00::5'], externalIPs: ['192.0.2.1'] }, status: { loadBalancer: { ingress: [{ ip: '192.0.2.2' }, { hostname: 'lb.example' }] } } }
const node: KubeObject & Record<string, unknown> = { ...meta('n1'), status: { addresses: [{ type: 'InternalIP', address: '10.1.0.1' }, { type: 'Hostname', address: 'n1' }] } }
const slice = (...addresses: string[]): KubeObject & Record<string, unknown> => ({ ...meta('cart-x', 'shop'), endpoints: [{ addresses, targetRef: { kind: 'Pod', namespace: 'shop', name: 'cart-0' } }, { addresses: ['10.0.0.9'] }] })
const find = (index: AddressIndex, address: string): string => { const found = index.find(address); return found === undefined ? '' : `${found.kind}/${found.namespace ?? ''}/${found.name}` }

test('addresses of Services, nodes and endpoints', () => {
  const index = new AddressIndex()
  index.put('Service', service)
  index.put('Node', node)
  index.put('EndpointSlice', slice('10.0.0.7', '10.1.0.1'))
  for (const [address, expected] of [
    ['10.96.0.5', 'Service/shop/cart'], ['::ffff:10.96.0.5', 'Service/shop/cart'], ['fd00::5', 'Service/shop/cart'], ['192.0.2.1', 'Service/shop/cart'], ['192.0.2.2', 'Service/shop/cart'],
    ['lb.example', 'Service/shop/cart'], ['10.1.0.1', 'Node//n1'], ['n1', ''], ['10.0.0.7', 'Pod/shop/cart-0'], ['10.0.0.9', '']
  ]) assert.is(find(index, address as string), expected, address)
})

test('what an object no longer says is nobody\'s, and what another says by then stays', () => {
  const index = new AddressIndex()
  index.put('EndpointSlice', slice('10.0.0.7', '10.1.0.1'))
  index.put('Node', node)
  index.put('EndpointSlice', slice('10.0.0.8'))
  assert.equal([find(index, '10.0.0.7'), find(index, '10.0.0.8'), find(index, '10.1.0.1')], ['', 'Pod/shop/cart-0', 'Node//n1'])
  index.remove('EndpointSlice', slice())
  assert.is(index.size, 1)
})

test.run()
