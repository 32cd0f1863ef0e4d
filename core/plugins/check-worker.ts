/** Entry of the thread of check.ts. */
import { workerData, type MessagePort } from 'node:worker_threads'
import { guard } from './isolated/guard.js'
import type { CheckBirth, Checked } from './check.js'
import { loadedOf } from './module.js'

const { url, at, config, answered, port } = workerData as CheckBirth & { readonly port: MessagePort }
guard({})

async function check (): Promise<Checked> {
  try {
    const factory = loadedOf(await import(url) as Record<string, unknown>).components?.[at]
    const faults = factory?.check?.(config) ?? []
    return { ok: true, faults: faults.map(({ path, message }) => ({ path: [...path], message: String(message) })) }
  } catch (error) {
    return { ok: false, message: error instanceof Error ? error.message : String(error) }
  }
}

port.postMessage(await check())
Atomics.store(answered, 0, 1)
Atomics.notify(answered, 0)
