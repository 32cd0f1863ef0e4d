/** Entry of the thread of probe.ts: imports one bundle, posts its description or what is wrong with it, and is ended. */
import { parentPort, workerData } from 'node:worker_threads'
import { guard } from './isolated/guard.js'
import type { Probed } from './probe.js'

guard({})
process.setSourceMapsEnabled(true)

async function probe (): Promise<Probed> {
  try {
    const { describe } = await import('./description.js')
    return { ok: true, description: describe(await import(workerData as string) as Record<string, unknown>) }
  } catch (error) {
    return { ok: false, message: error instanceof Error ? (error.stack ?? error.message).split('\n').slice(0, 4).join('\n') : String(error) }
  }
}

parentPort?.postMessage(await probe())
