import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { serviceHosts } from './service-hosts.js'

const named = (variable: string, value: string): string => serviceHosts(variable, value, 'shop').map(s => `${s.namespace}/${s.name}`).join(' ')

test('hosts are found in the ways people write them', () => {
  const cases: [string, string, string][] = [
    ['REDIS', 'http://redis-master:6379', 'shop/redis-master'],
    ['REDIS', 'redis://:secret@redis-master:6379/0', 'shop/redis-master'],
    ['DB', 'jdbc:postgresql://orders.data:5432/orders?ssl=true', 'data/orders shop/data'],
    ['DB', 'root:secret@tcp(mysql:3306)/orders', 'shop/mysql'],
    ['X', 'orders.data.svc.cluster.local', 'data/orders'],
    ['X', 'orders.data.svc', 'data/orders'],
    ['X', 'https://orders.data.svc.cluster.local./v1', 'data/orders'],
    ['X', 'cache-0.cache.data.svc.cluster.local:11211', 'data/cache'],
    ['KAFKA_BROKERS', 'kafka-0.kafka:9092,kafka-1.kafka:9092', 'kafka/kafka-0 shop/kafka kafka/kafka-1 shop/kafka'],
    ['CART_HOST', 'cart', 'shop/cart'],
    ['cartServiceAddr', 'cart.shop', 'shop/cart shop/shop'],
    ['CART', 'cart:7070', 'shop/cart'],
    ['', '--upstream=http://cart:80/', 'shop/cart'],
    ['', '--peers=cart:80', 'shop/cart']
  ]
  for (const [variable, value, expected] of cases) assert.is(named(variable, value), expected, `${variable}=${value}`)
})

test('words, addresses, outside hosts and texts are none', () => {
  const cases: [string, string][] = [
    ['LOG_LEVEL', 'info'], ['CACHE_TYPE', 'redis'], ['URL', 'http://10.0.0.1:80'], ['URL', 'https://api.eu.example.com/v1'], ['HOST', 'localhost'],
    ['URL', 'http://$(HOST):80'], ['HOST', ''], ['', 'serve'], ['URL', `http://cart/${'x'.repeat(3000)}`], ['TIME', '12:30:00'], ['URL', 'http://-bad-/']
  ]
  for (const [variable, value] of cases) assert.is(named(variable, value), '', `${variable}=${value.slice(0, 40)}`)
})

test('a hostile value costs no time to speak of: its parts are counted', () => {
  assert.is(serviceHosts('HOSTS', Array.from({ length: 500 }, () => 'a').join(','), 'shop').length, 32)
})

test.run()
