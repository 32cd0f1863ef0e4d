import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { endpointFault, urlFault } from './address.js'
import { formatBytes, formatDuration, parseBytes, parseDuration } from './units.js'

const durations: readonly (readonly [text: string, ms: number | undefined])[] = [
  ['200ms', 200], ['5s', 5000], ['1m30s', 90_000], ['2h', 7_200_000], ['7d', 604_800_000], ['0', 0], ['0s', 0], ['1.5s', 1500],
  ['0.1s0.2s', 300], ['1us', 0.001], ['5ns', 0.000005], ['1µs', 0.001], ['', undefined], ['5', undefined], ['-5s', undefined],
  ['5 s', undefined], ['5sec', undefined], ['1e3s', undefined], ['.5s', undefined], ['999999999d', undefined], ['s', undefined], ['5S', undefined]
]

for (const [text, ms] of durations) test(`duration "${text}"`, () => { assert.is(parseDuration(text), ms) })

const sizes: readonly (readonly [text: string, bytes: number | undefined])[] = [
  ['512', 512], ['512B', 512], ['1KB', 1000], ['1KiB', 1024], ['4MiB', 4_194_304], ['4 MiB', 4_194_304], ['1.5GiB', 1_610_612_736],
  ['2TB', 2e12], ['0.3B', undefined], ['4mb', undefined], ['4M', undefined], ['-1', undefined], ['', undefined], ['9999999TiB', undefined], ['1e3', undefined]
]

for (const [text, bytes] of sizes) test(`size "${text}"`, () => { assert.is(parseBytes(text), bytes) })

test('formatting a duration and reading it back gives the same number', () => {
  for (const text of ['0', '1ns', '1us', '999us', '1ms', '1.5ms', '61s', '90m', '24h', '25h', '7d', '365d', '1d1h1m1s1ms', '123456789ms']) {
    const ms = parseDuration(text) ?? -1
    assert.is(parseDuration(formatDuration(ms)), ms, text)
  }
  assert.equal([5000, 90_000, 86_400_000, 604_800_000, 0.5].map(formatDuration), ['5s', '1m30s', '24h', '7d', '0.5ms'])
})

test('formatting a size and reading it back gives the same number', () => {
  for (const bytes of [0, 1, 1000, 1023, 1024, 1_048_576, 1_048_577, 5 * 1024 ** 4]) assert.is(parseBytes(formatBytes(bytes)), bytes)
  assert.equal([512, 1024, 4_194_304, 1500].map(formatBytes), ['512B', '1KiB', '4MiB', '1500B'])
})

for (const good of ['127.0.0.1:4317', 'localhost:0', '[::1]:4317', '[fe80::1%eth0]:1', 'a-b.c_d:65535', 'unix:///run/x.sock']) {
  test(`endpoint ${good} is right`, () => { assert.is(endpointFault(good), '') })
}

for (const bad of ['', ':', ':1', 'a', 'a:', 'a:b', 'a:-1', 'a:65536', '::1:1', '[::1]', '[::1:1', '[]:1', '[x]:1', 'http://a:1', 'unix:x', 'unix://x', 'unix:///', 'a b:1', '[::1]x:1']) {
  test(`endpoint "${bad}" is wrong`, () => { assert.is.not(endpointFault(bad), '') })
}

test('URLs', () => {
  for (const good of ['http://a', 'https://a:1/b?c', 'HTTP://A']) assert.is(urlFault(good), '')
  for (const bad of ['', 'a:1', 'ftp://a', 'http://', 'http://a b', 'http://a:99999']) assert.is.not(urlFault(bad), '')
})

test.run()
