import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { containerKey, hexOf, ipKey, ipText, uidKey, uidText } from './keys.js'

test('addresses: all ways to write one give one key, and the key gives the usual way', () => {
  const cases: [readonly string[], string][] = [
    [['10.0.0.7', '::ffff:10.0.0.7', '::ffff:a00:7', '0:0:0:0:0:ffff:a00:7'], '10.0.0.7'],
    [['fd00::1', 'fd00:0:0:0:0:0:0:1', 'FD00::0001', 'fd00::1%eth0'], 'fd00::1'],
    [['::1', '0:0:0:0:0:0:0:1'], '::1'],
    [['fe80::a:0:0:1'], 'fe80::a:0:0:1'],
    [['64:ff9b::10.0.0.7'], '64:ff9b::a00:7'],
    [['::'], '::']
  ]
  for (const [texts, expected] of cases) {
    const keys = texts.map(t => hexOf(ipKey(t) as Uint8Array))
    assert.is(new Set(keys).size, 1, texts.join())
    assert.is(ipText(ipKey(texts[0] as string) as Uint8Array), expected)
  }
  for (const text of ['', 'localhost', '10.0.0', '10.0.0.256', '1::2::3', 'fd00::g']) assert.is(ipKey(text), undefined, text)
})

test('uids and container ids come back as they went in; others are hashed or not taken', () => {
  const uid = '7a6bd0f2-11aa-4b6e-9c0f-0123456789ab'
  assert.is(uidText(uidKey(uid).key), uid)
  assert.equal([uidKey(uid).exact, uidKey('mirror-pod').exact, uidKey(uid.toUpperCase()).exact], [true, false, false])
  assert.is.not(hexOf(uidKey('a').key), hexOf(uidKey('b').key))
  const id = 'ab'.repeat(32)
  for (const text of [id, `containerd://${id}`, `cri-o://${id}`]) assert.is(hexOf(containerKey(text) as Uint8Array), id)
  for (const text of ['', 'ab', `containerd://${id}0`, 'AB'.repeat(32)]) assert.is(containerKey(text), undefined)
})

test.run()
