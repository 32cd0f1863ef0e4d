/** An API server with `count` pods in a thread of its own, so that its memory and CPU are not those that are measured. */
import { parentPort, workerData } from 'node:worker_threads'
import { ApiServerStandIn } from '../../core/testing/api-server/server.js'
import { clusterPod } from './k8s-pods.js'

const server = new ApiServerStandIn()
for (let i = 0; i < (workerData as { count: number }).count; i++) server.store.put('/pods', clusterPod(i))
parentPort?.postMessage(await server.start())
