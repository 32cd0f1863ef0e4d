/** Entry of the thread of probe.ts: imports one bundle, posts its description or what is wrong with it, and is ended. */
import { parentPort, workerData } from 'node:worker_threads'
import { guard } from './isolated/guard.js'
import type { Probed } from './probe.js'

guard({})
process.setSourceMapsEnabled(true)

/** Where in the plugin: the first frame that is not Tapio's or Node's. */
function placeOf ({ stack = '' }: Error): string {
  const frame = stack.split('\n').find(line => /^\s+at /.test(line) && !/node:|[/\\]core[/\\]plugins[/\\]/.test(line))
  const place = /\(?([^\s(]+:\d+:\d+)\)?$/.exec(frame ?? '')?.[1]
  return place === undefined ? '' : ` (${place.replace('file://', '')})`
}

async function probe (): Promise<Probed> {
  try {
    const { describe } = await import('./description.js')
    return { ok: true, description: describe(await import(workerData as string) as Record<string, unknown>) }
  } catch (error) {
    return { ok: false, message: error instanceof Error ? `${error.name}: ${error.message}${placeOf(error)}` : String(error) }
  }
}

parentPort?.postMessage(await probe())
