import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { makePod, uuidOf } from '../../core/testing/api-server/pods.js'
import { parse, readCheckpoint, writeCheckpoint } from './checkpoint.js'
import { startReceiver, withCluster } from './start-for-test.js'

const pods = '/pods'

test('what was written is read; every cut and every changed byte is found', () => withCluster(async ({ directory }) => {
  const file = join(directory, 'deep', 'checkpoint')
  const states = Array.from({ length: 1200 }, (_, i) => ({ metadata: { name: `p-${i}` } }))
  await writeCheckpoint(file, 'http://a/', [{ watch: 'pods *', version: '7', states }, { watch: 'nodes *', version: '8', states: [] }])
  assert.is(statSync(file).mode & 0o777, 0o600)
  const read = await readCheckpoint(file, 'http://a/')
  assert.equal(read.status === 'read' && [...read.watches].map(([id, w]) => [id, w.version, w.states.length]), [['pods *', '7', 1200], ['nodes *', '8', 0]])
  assert.match(JSON.stringify(await readCheckpoint(file, 'http://b/')), 'another API server')
  assert.equal(await readCheckpoint(join(directory, 'none'), ''), { status: 'none' })
  const whole = readFileSync(file)
  for (let length = 0; length < whole.length; length += 97) assert.is(parse(whole.subarray(0, length), 'http://a/').status, 'useless', `cut at ${length}`)
  for (let at = 0; at < whole.length; at += 61) {
    const hurt = Buffer.from(whole)
    hurt[at] = (hurt[at] as number) ^ 0x55
    assert.is(parse(hurt, 'http://a/').status, 'useless', `changed at ${at}`)
  }
}))

test('a restart tells what happened meanwhile, and nothing twice; also when the server has forgotten the version', () => withCluster(async cluster => {
  const { server, directory } = cluster
  const checkpoint = { enabled: true, file: join(directory, 'checkpoint'), interval: '100ms' }
  const put = (name: string, restarts = 0): void => { server.store.put(pods, makePod(name, { uid: uuidOf(name), restarts })) }
  for (const name of ['a', 'b', 'c']) put(name)
  const event = { metadata: { name: 'e', namespace: 'shop', uid: 'e' }, regarding: { kind: 'Pod', name: 'a', namespace: 'shop' }, reason: 'Killing', deprecatedLastTimestamp: new Date().toISOString() }
  server.store.put('events.k8s.io/events', event as object)
  const first = await startReceiver(cluster, { resources: ['pods', 'events'], checkpoint })
  await first.watching(2)
  put('a', 1)
  await first.until('the Event and the restart', () => first.told().some(t => t.startsWith('Pod/a container_restarted')) && first.told().includes('Pod/a event Killing'))
  await first.stop()
  const told = new Set(first.rows().map(r => r.get('id')))

  put('b', 1)
  server.store.delete(pods, 'shop/c')
  const second = await startReceiver(cluster, { resources: ['pods', 'events'], checkpoint })
  await second.until('the meantime', () => second.told().includes('Pod/c deleted PodDeleted'))
  await second.stop()
  assert.equal(second.rows().filter(r => told.has(r.get('id'))).map(r => r.get('name')), [])
  assert.equal([...new Set(second.told().map(t => t.split(' ')[0]))], ['Pod/b', 'Pod/c'])
  assert.is(second.meter.values.get('kubernetes_watch{kind="Pod",what="list"}'), undefined)

  put('d')
  put('b', 2)
  server.store.delete(pods, 'shop/a')
  server.store.compact()
  const third = await startReceiver(cluster, { resources: ['pods', 'events'], checkpoint })
  await third.until('what a new list shows', () => third.told().includes('Pod/a deleted PodDeleted') && third.told().includes('Pod/d created PodCreated'))
  await third.stop()
  assert.ok(third.told().some(t => t.startsWith('Pod/b container_restarted')))
  assert.equal(third.told().filter(t => t.includes('event')), [])
  assert.is(third.meter.values.get('kubernetes_watch{kind="Pod",what="expired"}'), 1)
}))

test('a checkpoint is not ahead of the pipeline: what was not taken is told by the next run, with the same ids', () => withCluster(async cluster => {
  const { server, directory } = cluster
  const checkpoint = { enabled: true, file: join(directory, 'checkpoint'), interval: '100ms' }
  server.store.put(pods, makePod('a', { uid: uuidOf('a') }))
  const first = await startReceiver(cluster, { resources: ['pods'], checkpoint })
  await first.watching(1)
  await first.until('a checkpoint', () => (first.meter.values.get('kubernetes_checkpoints{outcome="written"}') ?? 0) > 0)
  const lost: string[] = []
  first.next.answer = batch => { for (let i = 0; i < batch.count; i++) lost.push(batch.at(i).get('id') ?? ''); return { status: 'retry', afterMs: 10, reason: 'full' } }
  server.store.put(pods, makePod('a', { uid: uuidOf('a'), restarts: 1 }))
  await first.until('the batch', () => lost.length > 0)
  const aborted = new AbortController()
  aborted.abort()
  await first.receiver.stop({ signal: aborted.signal, atMs: performance.now() })
  assert.ok((first.drops.get('shutdown') ?? 0) > 0)
  const second = await startReceiver(cluster, { resources: ['pods'], checkpoint })
  await second.until('it', () => second.rows().length > 0)
  await second.stop()
  assert.equal([...new Set(second.rows().map(r => r.get('id')))].sort(), [...new Set(lost)].sort())
}))

test('a damaged checkpoint is said and begins anew; one that cannot be written is said once', () => withCluster(async cluster => {
  const { server, directory } = cluster
  const file = join(directory, 'checkpoint')
  writeFileSync(file, 'TAPIOKC1 and then something else')
  server.store.put(pods, makePod('a', { uid: uuidOf('a') }))
  const first = await startReceiver(cluster, { resources: ['pods'], checkpoint: { enabled: true, file } })
  await first.watching(1)
  await first.stop()
  assert.equal(first.logger.lines.filter(l => l.message.includes('of no use')).map(l => l.fields?.['reason']), ['it is damaged at byte 8'])
  assert.is((await readCheckpoint(file, `${cluster.address}/`)).status, 'read')
  const second = await startReceiver(cluster, { resources: ['pods'], checkpoint: { enabled: true, file: join(file, 'below-a-file'), interval: '100ms' } })
  await second.watching(1)
  await second.until('the failure', () => (second.meter.values.get('kubernetes_checkpoints{outcome="failed"}') ?? 0) > 0)
  await second.stop()
  assert.is(second.logger.lines.filter(l => l.message.includes('cannot be remembered')).length, 1)
}))

test.run()
