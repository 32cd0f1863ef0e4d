/** Asks a plugin what it is, in a thread of its own: it may throw, hang, exit or take memory without end as it is imported. */
import { Worker } from 'node:worker_threads'
import { PluginFault } from './fault.js'
import type { PluginDescription } from './description.js'

export type Probed = { readonly ok: true, readonly description: PluginDescription } | { readonly ok: false, readonly message: string }

const timeoutMs = 10_000
const heapMiB = 128

/** Throws PluginFault. `url` is a bundle's. */
export async function probePlugin (url: string, shown: string): Promise<PluginDescription> {
  const worker = new Worker(new URL('./probe-worker.js', import.meta.url), {
    workerData: url, name: 'tapio-plugin-probe', env: {}, stdout: true, stderr: true, resourceLimits: { maxOldGenerationSizeMb: heapMiB }
  })
  let timer: NodeJS.Timeout | undefined
  const answer = new Promise<Probed>(resolve => {
    worker.once('message', resolve)
    worker.once('error', error => resolve({ ok: false, message: `it ended its thread: ${error instanceof Error ? error.message : String(error)}` }))
    worker.once('exit', code => resolve({ ok: false, message: `it ended its thread with code ${code} while it was imported` }))
    timer = setTimeout(() => resolve({ ok: false, message: `it was not imported within ${timeoutMs / 1000} s` }), timeoutMs)
  })
  const probed = await answer
  clearTimeout(timer)
  await worker.terminate()
  if (!probed.ok) throw new PluginFault(`plugin ${shown} cannot be loaded: ${probed.message}`)
  return probed.description
}
