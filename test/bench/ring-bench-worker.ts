/** A thread of the hand-off bench. */
import { parentPort, workerData, type MessagePort } from 'node:worker_threads'
import { receive, send, type Lane } from './ring-lane.js'

const { lane, port, role } = workerData as { readonly lane: Lane; readonly port: MessagePort; readonly role: 'send' | 'receive' }
if (role === 'send') send(lane, port)
else parentPort?.postMessage(await receive(lane, port, true))
port.close()
