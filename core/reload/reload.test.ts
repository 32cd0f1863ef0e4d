/**
 * Scenario: reloads asked for while others run; files that are written in steps, replaced, removed and made again; service sections that differ.
 * Guarantees: one reload at a time and none is forgotten; a change is told once, when it is over; each key takes effect as it is documented to.
 */
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { ServiceSettings } from '../config/shape.js'
import { FakeClock } from '../testing/fake-clock.js'
import { ConfigWatch } from './config-watch.js'
import { ReloadQueue } from './reload-queue.js'
import { serviceChanges } from './service-changes.js'

test('what is asked for while a reload runs is one reload after it', async () => {
  const begun: string[] = []
  let finish: () => void = () => undefined
  const queue = new ReloadQueue(because => { begun.push(because); return new Promise(resolve => { finish = resolve }) })
  for (const because of ['a', 'b', 'c']) queue.request(because)
  assert.equal(begun, ['a'])
  finish()
  await new Promise(resolve => setImmediate(resolve))
  assert.equal(begun, ['a', 'c'])
  queue.request('d')
  const ended = queue.end()
  finish()
  await ended
  queue.request('e')
  assert.equal(begun, ['a', 'c'], 'none begins after the end')
})

test('a change of a file is told once, when it has been the same for an interval', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tapio-watch-'))
  const [one, two] = [join(folder, 'one'), join(folder, 'two')]
  writeFileSync(one, 'a')
  const clock = new FakeClock()
  const told: string[][] = []
  const watch = new ConfigWatch({ clock, intervalMs: 1000, files: () => [one, two], onChange: files => { told.push([...files]) } })
  const turn = async (): Promise<number> => { await clock.advance(1000); return told.length }
  try {
    assert.is(await turn(), 0, 'nothing has changed')
    writeFileSync(one, 'ab')
    assert.is(await turn(), 0, 'it may still be written')
    writeFileSync(one, 'abc')
    assert.is(await turn(), 0, 'and was')
    assert.is(await turn(), 1)
    assert.is(await turn(), 1, 'once')
    writeFileSync(two, 'it comes later')
    await turn()
    assert.is(await turn(), 2)
    writeFileSync(join(folder, 'other'), 'abc')
    renameSync(join(folder, 'other'), one)
    await turn()
    assert.is(await turn(), 3, 'another file of the same size is a change')
    rmSync(two)
    await turn()
    assert.is(await turn(), 4)
    assert.equal(told, [[one], [two], [one], [two]])
    watch.end()
    writeFileSync(one, 'after the end')
    await turn()
    assert.is(await turn(), 4)
  } finally {
    watch.end()
    rmSync(folder, { recursive: true })
  }
})

test('a key of the service takes effect by its part', () => {
  const before = { mode: 'debug', logs: { level: 'info', format: 'json' }, metricsServer: { enabled: true, endpoint: '127.0.0.1:1' }, api: undefined, reload: { watch: false, intervalMs: 1, drainMs: 1 } } as unknown as ServiceSettings
  const none = { logLevel: false, metricsServer: false, api: false, waiting: [], any: false }
  assert.equal(serviceChanges(before, { ...before }), none)
  assert.equal(serviceChanges(before, { ...before, mode: 'standard' }), { ...none, any: true })
  assert.equal(serviceChanges(before, { ...before, logs: { level: 'debug', format: 'json' } }), { ...none, logLevel: true, any: true })
  assert.equal(serviceChanges(before, { ...before, logs: { level: 'info', format: 'pretty' } }), { ...none, waiting: ['service.telemetry.logs.format'], any: true })
  assert.equal(serviceChanges(before, { ...before, metricsServer: { enabled: false, endpoint: '127.0.0.1:1' } }), { ...none, metricsServer: true, any: true })
  assert.equal(serviceChanges(before, { ...before, reload: { watch: true, intervalMs: 1, drainMs: 1 } }), { ...none, any: true })
})

test.run()
