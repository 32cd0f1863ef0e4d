/** The API server stand-in judged by clients that are not ours: kubectl (where it is installed) and the official client. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CoreV1Api, KubeConfig, makeInformer, Watch, type V1Pod } from '@kubernetes/client-node'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { makePod, uuidOf } from '../../core/testing/api-server/pods.js'
import { ApiServerStandIn } from '../../core/testing/api-server/server.js'

const kind = '/pods'

interface Bench { readonly server: ApiServerStandIn, readonly address: string, readonly config: KubeConfig }

async function withServer (use: (bench: Bench) => Promise<void>): Promise<void> {
  const server = new ApiServerStandIn()
  const address = await server.start()
  const config = new KubeConfig()
  // The client insists on that flag for plain http.
  config.loadFromClusterAndUser({ name: 'c', server: address, skipTLSVerify: true }, { name: 'u' })
  for (let i = 0; i < 25; i++) server.store.put(kind, makePod(`pod-${String(i).padStart(2, '0')}`, { node: i % 5 === 0 ? 'node-2' : 'node-1', labels: { app: i % 2 === 0 ? 'cart' : 'pay' }, uid: uuidOf(String(i)) }))
  try {
    await use({ server, address, config })
  } finally {
    await server.stop()
  }
}

async function until (what: string, holds: () => boolean): Promise<void> {
  const deadlineMs = performance.now() + 20_000
  while (!holds()) {
    if (performance.now() > deadlineMs) throw new Error(`never came: ${what}`)
    await new Promise(resolve => setImmediate(resolve))
  }
}

/** kubectl keeps what it discovers; a folder of its own keeps that from other servers. */
const cache = mkdtempSync(join(tmpdir(), 'tapio-kubectl-'))
test.after(() => { rmSync(cache, { recursive: true, force: true }) })

function kubectl (address: string, ...args: string[]): ChildProcess & { output: () => string } {
  const child = spawn('kubectl', ['-s', address, '--cache-dir', cache, ...args], { env: { ...process.env, KUBECONFIG: '/dev/null' } })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (d: Buffer) => { output += d.toString() })
  return Object.assign(child, { output: () => output })
}

async function ask (address: string, ...args: string[]): Promise<{ code: number, output: string }> {
  const child = kubectl(address, ...args)
  const code = await new Promise<number>(resolve => child.on('close', c => resolve(c ?? -1)))
  return { code, output: child.output() }
}

if (spawnSync('kubectl', ['version', '--client']).status === 0) {
  test('kubectl lists in chunks, selects, gets one, and is told of errors', () => withServer(async ({ server, address }) => {
    const all = await ask(address, 'get', 'pods', '-A', '--chunk-size=10', '-o', 'name')
    assert.is(all.output.trim().split('\n').length, 25, all.output)
    assert.equal(server.requests.filter(r => r.path === '/api/v1/pods').map(r => [r.query.get('limit'), r.query.get('continue') !== null]), [['10', false], ['10', true], ['10', true]])
    assert.is((await ask(address, 'get', 'pods', '-n', 'shop', '-l', 'app=cart', '--field-selector', 'spec.nodeName=node-2', '-o', 'name')).output, 'pod/pod-00\npod/pod-10\npod/pod-20\n')
    assert.is((await ask(address, 'get', 'po', 'pod-03', '-n', 'shop', '-o', 'jsonpath={.status.phase} {.metadata.resourceVersion}')).output, 'Running 1004')
    // It asks for the namespace when an object is not there, to say which of both is missing.
    server.store.put('/namespaces', { metadata: { name: 'shop' } })
    assert.is((await ask(address, 'get', 'pod', 'none', '-n', 'shop')).output, 'Error from server (NotFound): pods "none" not found\n')
    server.faults.forbidden.add(kind)
    assert.match((await ask(address, 'get', 'pods', '-A')).output, 'Error from server (Forbidden): pods is forbidden')
  }))

  test('kubectl watches changes, bookmarks and all', () => withServer(async ({ server, address }) => {
    const child = kubectl(address, 'get', 'pods', '-n', 'shop', '-l', 'app=cart', '-w', '--output-watch-events', '-o', 'jsonpath={.type} {.object.metadata.name}{"\\n"}')
    try {
      await until('the watch', () => server.watches.size > 0)
      server.bookmark()
      server.faults.chunkBytes = 5
      server.store.put(kind, makePod('pod-00', { labels: { app: 'cart' }, phase: 'Failed' }))
      server.store.put(kind, makePod('pod-01', { labels: { app: 'cart' } }))
      server.store.delete(kind, 'shop/pod-02')
      await until('the deletion', () => child.output().includes('DELETED'))
      assert.match(child.output(), /MODIFIED pod-00\nADDED pod-01\nDELETED pod-02\n/)
    } finally {
      child.kill('SIGTERM')
    }
  }))
} else console.log('SKIP kubectl is not installed')

test('the official client lists in pages of one version while the pods change', () => withServer(async ({ server, config }) => {
  const api = config.makeApiClient(CoreV1Api)
  const first = await api.listPodForAllNamespaces({ limit: 10 })
  server.store.delete(kind, 'shop/pod-24')
  server.store.put(kind, makePod('pod-99'))
  const second = await api.listPodForAllNamespaces({ limit: 20, _continue: first.metadata?._continue ?? '' })
  const names = [...first.items, ...second.items].map(p => p.metadata?.name)
  assert.equal(names, Array.from({ length: 25 }, (_, i) => `pod-${String(i).padStart(2, '0')}`))
  assert.is(first.metadata?.resourceVersion, second.metadata?.resourceVersion)
  server.store.compact()
  const expired = await api.listPodForAllNamespaces({ limit: 20, _continue: first.metadata?._continue ?? '' }).then(() => 0, (e: { code?: number }) => e.code)
  assert.is(expired, 410)
}))

test('the official watch and informer see what the log says', () => withServer(async ({ server, config }) => {
  const seen: string[] = []
  const watch = await new Watch(config).watch('/api/v1/pods', { resourceVersion: '1024', allowWatchBookmarks: true }, (type, object: V1Pod) => { seen.push(`${type} ${object.metadata?.resourceVersion}`) }, () => undefined)
  await until('the watch', () => server.watches.size > 0)
  server.store.put(kind, makePod('pod-00'))
  server.bookmark()
  server.store.delete(kind, 'shop/pod-00')
  await until('three events', () => seen.length === 4)
  watch.abort()
  assert.equal(seen, ['ADDED 1025', 'MODIFIED 1026', 'BOOKMARK 1026', 'DELETED 1027'])
  const informer = makeInformer<V1Pod>(config, '/api/v1/pods', () => config.makeApiClient(CoreV1Api).listPodForAllNamespaces())
  const events: string[] = []
  for (const verb of ['add', 'update', 'delete'] as const) informer.on(verb, p => { events.push(`${verb} ${p.metadata?.name}`) })
  await informer.start()
  await until('its watch', () => server.watches.size > 0)
  server.store.put(kind, makePod('pod-77'))
  await until('the new pod', () => events.includes('add pod-77'))
  server.store.put(kind, makePod('pod-77', { phase: 'Failed' }))
  await until('the change', () => events.includes('update pod-77'))
  await informer.stop()
}))

test.run()
