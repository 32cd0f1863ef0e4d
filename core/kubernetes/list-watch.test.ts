import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { systemClock } from '../component/clock.js'
import { seeded } from '../data/testing/random.js'
import { makePod } from '../testing/api-server/pods.js'
import { ApiServerStandIn } from '../testing/api-server/server.js'
import { openAccess } from './access.js'
import { ApiClient, defaultLimits } from './api-client.js'
import { ListWatch, type ListWatchOptions } from './list-watch.js'
import { pods } from './resources.js'
import { RecordingSink } from './testing.js'

const kind = '/pods'
const quick = { initialMs: 1, maxMs: 5, multiplier: 2, jitter: 0.5, maxElapsedMs: 0 }

interface Bench { readonly server: ApiServerStandIn, readonly sink: RecordingSink, readonly watch: ListWatch, put(name: string, phase?: string): void }

/** Runs `use` against a stand-in with `count` pods, and ends everything afterwards. */
async function withWatch (count: number, use: (bench: Bench) => Promise<void>, options: Partial<ListWatchOptions> = {}, idleMs = defaultLimits.idleMs): Promise<void> {
  const server = new ApiServerStandIn()
  const client = new ApiClient(openAccess(await server.start()), { ...defaultLimits, maxLineBytes: 4096, idleMs })
  const sink = new RecordingSink()
  const put = (name: string, phase = 'Running'): void => { server.store.put(kind, makePod(name, { phase })) }
  for (let i = 0; i < count; i++) put(`pod-${i}`)
  const watch = new ListWatch({ client, clock: systemClock, type: pods, selection: {}, sink, onState: sink.onState, policy: quick, ...options })
  try {
    await use({ server, sink, watch, put })
  } finally {
    await watch.stop()
    client.close()
    await server.stop()
  }
}

const open = (b: Bench): Promise<void> => b.sink.until('a watch', () => b.server.watches.size > 0 && b.sink.states.at(-1)?.state === 'watching')
const seen = (b: Bench, name: string): Promise<void> => b.sink.until(`the last version of ${name}`, () => b.sink.held.get(name)?.metadata?.resourceVersion === b.server.store.get(kind, `shop/${name}`)?.metadata?.resourceVersion)

/** What the server's log says was done to every pod. */
function expected (b: Bench): Map<string, string[]> {
  const all = new Map<string, string[]>()
  for (const { key, type, version } of b.server.store.log) {
    const name = key.replace('shop/', '')
    all.set(name, [...all.get(name) ?? [], type === 'DELETED' ? `-${version}` : String(version)])
  }
  return all
}

test('a list comes in pages of one version, and the watch goes on from there', () => withWatch(25, async b => {
  b.watch.start()
  await open(b)
  b.put('pod-3', 'Failed')
  await seen(b, 'pod-3')
  assert.is(b.sink.held.size, 25)
  const lists = b.server.requests.filter(r => r.query.get('watch') === null)
  assert.equal(lists.map(r => r.query.get('limit')), ['10', '10', '10'])
  const watched = b.server.requests.find(r => r.query.get('watch') === 'true')
  assert.is(watched?.query.get('resourceVersion'), '1025')
  assert.is(watched?.query.get('allowWatchBookmarks'), 'true')
}, { pageSize: 10 }))

test('20 connections broken during changes: every change of every pod arrives once, in order', async () => {
  for (const chunkBytes of [0, 7]) {
    await withWatch(30, async b => {
      const random = seeded(chunkBytes + 1)
      b.server.faults.chunkBytes = chunkBytes
      b.watch.start()
      await open(b)
      let made = 30
      for (let broken = 0; broken < 20; broken++) {
        const watches = b.watch.counts.watches
        for (let change = 0; change < 50; change++) {
          const living = b.server.store.list(kind).map(o => o.metadata?.name ?? '')
          if (random.chance(0.2)) b.put(`pod-${made++}`)
          else if (random.chance(0.2) && living.length > 5) b.server.store.delete(kind, `shop/${random.pick(living)}`)
          else b.put(random.pick(living), random.pick(['Pending', 'Running', 'Failed']))
          if (change === 25) b.server.drop(random.chance(0.5) ? 'within a line' : 'cleanly')
          if (random.chance(0.1)) await new Promise(resolve => setImmediate(resolve))
        }
        b.put('last')
        await b.sink.until('the watch after a break', () => b.watch.counts.watches > watches)
        await seen(b, 'last')
      }
      assert.ok(b.watch.counts.watches >= 21, `${b.watch.counts.watches} watches`)
      assert.is(b.watch.counts.lists, 1)
      assert.equal([...b.sink.history].sort(), [...expected(b)].sort())
      assert.equal([...b.sink.held.values()].map(o => o.metadata?.name).sort(), b.server.store.list(kind).map(o => o.metadata?.name).sort())
    })
  }
})

test('410 Gone, by status and by event: listed again, and what was deleted meanwhile is gone', () => withWatch(5, async b => {
  b.watch.start()
  await open(b)
  // The next watch is held off until history is gone.
  b.server.faults.answers.push({ code: 500, reason: 'InternalError' })
  b.server.drop('within a line')
  b.server.store.delete(kind, 'shop/pod-2')
  b.put('pod-9')
  b.server.store.compact()
  await seen(b, 'pod-9')
  await open(b)
  assert.is(b.watch.counts.expired, 1)
  assert.equal([...b.sink.held.keys()].sort(), ['pod-0', 'pod-1', 'pod-3', 'pod-4', 'pod-9'])
  b.server.faults.answers.push({ code: 410, reason: 'Gone' })
  const { lists } = b.sink
  b.server.drop('within a line')
  await b.sink.until('another list', () => b.sink.lists > lists)
}))

test('a bookmark moves the version on, so that a quiet watch survives compaction', () => withWatch(3, async b => {
  b.watch.start()
  await open(b)
  b.server.store.put('/nodes', { metadata: { name: 'n1' } })
  b.server.bookmark()
  b.put('pod-0')
  await seen(b, 'pod-0')
  assert.is(b.watch.counts.bookmarks, 1)
  b.server.store.put('/nodes', { metadata: { name: 'n2' } })
  const { watches } = b.watch.counts
  b.server.bookmark()
  b.server.store.compact()
  b.server.drop()
  await b.sink.until('the next watch', () => b.watch.counts.watches > watches && b.server.watches.size > 0)
  b.put('pod-1')
  await seen(b, 'pod-1')
  assert.is(b.watch.counts.expired, 0)
  assert.is(b.sink.lists, 1)
}))

test('a continue token that expires begins the list anew', () => withWatch(25, async b => {
  b.server.faults.answers.push({ code: 410, reason: 'Expired' })
  b.watch.start()
  await open(b)
  assert.is(b.sink.held.size, 25)
  assert.is(b.watch.counts.lists, 2)
}, { pageSize: 10 }))

test('forbidden is told once, and the rights may come later', async () => {
  // Time stands still but for what is asked for: the next try is five minutes away.
  const timers: (() => void)[] = []
  const clock = { ...systemClock, after: (_: number, callback: () => void) => { timers.push(callback); return () => undefined } }
  await withWatch(2, async b => {
    b.server.faults.forbidden.add(kind)
    b.watch.start()
    await b.sink.until('denied', () => b.sink.states.length === 1)
    timers.shift()?.()
    await b.sink.until('a second try', () => b.watch.counts.lists === 2 && timers.length === 1)
    assert.equal(b.sink.states, [{ state: 'denied', reason: 'pods is forbidden: User "tapio" cannot list resource "pods" in API group "" at the cluster scope' }])
    b.server.faults.forbidden.delete(kind)
    timers.shift()?.()
    await open(b)
    assert.equal(b.sink.states.map(s => s.state), ['denied', 'listed', 'watching'])
  }, { clock })
})

test('Retry-After of 429 is kept', async () => {
  const waits: number[] = []
  const clock = { ...systemClock, after: (ms: number, callback: () => void) => { waits.push(ms); setImmediate(callback); return () => undefined } }
  await withWatch(2, async b => {
    b.server.faults.answers.push({ code: 429, reason: 'TooManyRequests', headers: { 'retry-after': '7' } }, { code: 503, reason: 'ServiceUnavailable' })
    b.watch.start()
    await open(b)
    assert.is(waits[0], 7000)
    assert.ok((waits[1] ?? 0) >= 1 && (waits[1] ?? 0) <= 3, `${waits[1]} ms`)
  }, { clock, policy: quick })
})

test('a line that is too long breaks the watch; a list brings the object', () => withWatch(1, async b => {
  b.watch.start()
  await open(b)
  b.server.store.put(kind, makePod('huge', { annotations: { text: 'x'.repeat(5000) } }))
  await b.sink.until('it fails', () => b.sink.states.some(s => s.state === 'failing'))
  const failing = b.sink.states.find(s => s.state === 'failing')
  assert.match(failing?.state === 'failing' ? failing.reason : '', 'a line of more than 4096 bytes')
  await seen(b, 'huge')
  assert.is(b.watch.counts.lists, 2)
  b.put('pod-0', 'Failed')
  await seen(b, 'pod-0')
}))

test('a line that is no JSON is a failure like any other, and so is silence', () => withWatch(1, async b => {
  b.watch.start()
  await open(b)
  for (const watch of b.server.watches) watch.response.write('<html>bad gateway</html>\n')
  await b.sink.until('it fails', () => b.sink.states.some(s => s.state === 'failing'))
  b.put('pod-1')
  await seen(b, 'pod-1')
  const client = b.watch.options.client
  const silent = await client.lines('/api/v1/pods?watch=true&resourceVersion=1002', new AbortController().signal, 30, { opened: () => undefined, line: () => undefined }).then(() => '', (e: Error) => e.message)
  assert.is(silent, 'nothing came for 30 ms')
}))

test('stopping ends a watch, a pause, and a list that has not been answered', async () => {
  await withWatch(1, async b => { b.watch.start(); await open(b); await b.watch.stop(); assert.is(b.watch.counts.watches, 1) })
  await withWatch(1, async b => {
    b.server.faults.forbidden.add(kind)
    b.watch.start()
    await b.sink.until('denied', () => b.sink.states.length === 1)
    await b.watch.stop()
  })
  await withWatch(1, async b => { b.watch.start(); await b.watch.stop(); assert.is(b.sink.lists, 0) })
})

test.run()
