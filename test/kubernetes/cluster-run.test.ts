import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { makePod } from '../../core/testing/api-server/pods.js'
import { ApiServerStandIn } from '../../core/testing/api-server/server.js'
import { clusterRun } from './cluster-run.js'

test('the run against a real cluster, tried on the stand-in: counts agree, what is forbidden is said', async () => {
  const server = new ApiServerStandIn()
  const folder = await mkdtemp(join(tmpdir(), 'tapio-cluster-'))
  try {
    for (let i = 0; i < 7; i++) server.store.put('/pods', makePod(`pod-${i}`))
    server.faults.forbidden.add('/secrets')
    const file = join(folder, 'kubeconfig')
    await writeFile(file, JSON.stringify({ 'apiVersion': 'v1', 'kind': 'Config', 'current-context': 'c', clusters: [{ name: 'c', cluster: { server: await server.start() } }], users: [{ name: 'u', user: {} }], contexts: [{ name: 'c', context: { cluster: 'c', user: 'u' } }] }))
    const lines: string[] = []
    const faults = await clusterRun(file, 1500, line => { lines.push(line) })
    assert.equal(faults, [])
    assert.ok(lines.includes('pods: 7') && lines.some(l => l.startsWith('secrets: not watched: secrets is forbidden')), lines.join('\n'))
  } finally {
    await server.stop()
    await rm(folder, { recursive: true })
  }
})

test.run()
