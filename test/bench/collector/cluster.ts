/** The cluster that both systems enrich from: the API server of the tests, with the pods that the payloads name. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { makePod, uuidOf } from '../../../core/testing/api-server/pods.js'
import { ApiServerStandIn } from '../../../core/testing/api-server/server.js'
import { podAddress } from './payload.js'

export interface Cluster { readonly kubeconfig: string, stop(): Promise<void> }

const pods = 250

export async function startCluster (): Promise<Cluster> {
  const server = new ApiServerStandIn()
  for (let pod = 0; pod < pods; pod++) {
    const name = `checkout-${pod}`
    server.store.put('/pods', makePod(name, { uid: uuidOf(name), ip: podAddress(pod) }))
  }
  const folder = mkdtempSync(join(tmpdir(), 'tapio-bench-'))
  const kubeconfig = join(folder, 'kubeconfig')
  writeFileSync(kubeconfig, stringify({
    apiVersion: 'v1', kind: 'Config', 'current-context': 'bench',
    clusters: [{ name: 'bench', cluster: { server: await server.start() } }],
    users: [{ name: 'bench', user: { token: 'bench' } }],
    contexts: [{ name: 'bench', context: { cluster: 'bench', user: 'bench' } }]
  }))
  return { kubeconfig, stop: async () => { await server.stop(); rmSync(folder, { recursive: true, force: true }) } }
}
