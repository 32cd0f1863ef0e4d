/**
 * The check that a component of an isolated plugin makes of its options, in a thread that is gone afterwards. Whoever loads a configuration
 * waits for it: a check is part of the load, and its faults stand with all others at their lines.
 */
import { MessageChannel, receiveMessageOnPort, Worker } from 'node:worker_threads'
import type { ConfigFault } from '../component/factory.js'
import type { PluginReference } from './reference.js'

export interface CheckBirth { readonly url: string, readonly at: number, readonly config: unknown, readonly answered: Int32Array }

export type Checked = { readonly ok: true, readonly faults: readonly ConfigFault[] } | { readonly ok: false, readonly message: string }

const timeoutMs = 5000
const heapMiB = 128

/** Throws when the check throws, hangs or ends its thread. `at`: which component of the plugin. */
export function checkApart ({ url, description: { name } }: PluginReference, at: number, config: unknown): readonly ConfigFault[] {
  const answered = new Int32Array(new SharedArrayBuffer(4))
  const { port1, port2 } = new MessageChannel()
  const worker = new Worker(new URL('./check-worker.js', import.meta.url), {
    workerData: { url, at, config, answered, port: port2 }, transferList: [port2], name: 'tapio-plugin-check', env: {}, stdout: true, stderr: true, resourceLimits: { maxOldGenerationSizeMb: heapMiB }
  })
  // What ends the thread is told by its silence.
  worker.on('error', () => undefined)
  Atomics.wait(answered, 0, 0, timeoutMs)
  const checked = (receiveMessageOnPort(port1) as { message: Checked } | undefined)?.message
  void worker.terminate()
  port1.close()
  if (checked === undefined) throw new Error(`the check of plugin ${name} gave no answer within ${timeoutMs / 1000} s`)
  if (!checked.ok) throw new Error(checked.message)
  return checked.faults
}
