/** The contract of all components (core/testing/contract.ts), asked of those of a plugin in a thread of its own: a plugin that exits or hangs fails a test. */
import { Worker } from 'node:worker_threads'
import type { PluginReference } from '../reference.js'
import type { ContractOrder, ContractResult, FromContract } from './protocol.js'

/** A test makes a component a few times, isolated a few threads. */
const testTimeoutMs = 60_000
const heapMiB = 512

export interface ContractRun {
  /** As package.json has them: `tapio.contract`. */
  readonly options: Readonly<Record<string, unknown>>
  /** Each as it is known. */
  result (result: ContractResult): void
  /** What the plugin writes to its standard output and error. */
  printed (text: string): void
  readonly timeoutMs?: number
}

/** Resolves when all tests were asked, or the plugin has ended the thread; then the test it was in has failed. */
export async function verifyContract (reference: PluginReference, isolation: 'worker' | 'none', run: ContractRun): Promise<void> {
  const timeoutMs = run.timeoutMs ?? testTimeoutMs
  const worker = new Worker(new URL('./contract-worker.js', import.meta.url), {
    // The first end of an isolated component is its fault: no other life is waited for.
    workerData: { reference: { ...reference, options: { ...reference.options, isolation, on_failure: 'disable' } }, options: run.options } satisfies ContractOrder,
    name: 'tapio-plugin-contract', stdout: true, stderr: true, resourceLimits: { maxOldGenerationSizeMb: heapMiB }
  })
  for (const stream of [worker.stdout, worker.stderr]) stream.setEncoding('utf8').on('data', (text: string) => run.printed(text))
  let current: { readonly component: string, readonly test: string } | undefined
  let end: string | undefined
  let timer: NodeJS.Timeout | undefined
  const endsBy = (why: string): void => { end ??= why }
  await new Promise<void>(resolve => {
    worker.on('message', (message: FromContract) => {
      clearTimeout(timer)
      if (message.type === 'done') { endsBy(''); void worker.terminate(); return }
      current = message.type === 'begins' ? message : undefined
      if (message.type === 'result') run.result(message.result)
      else timer = setTimeout(() => { endsBy(`it did not end within ${timeoutMs / 1000} s`); void worker.terminate() }, timeoutMs)
    })
    worker.once('error', error => endsBy(`it ended the thread: ${error instanceof Error ? error.message : String(error)}`))
    worker.once('exit', code => { endsBy(`it ended the thread with code ${code}`); resolve() })
  })
  clearTimeout(timer)
  if (end !== '') run.result({ component: current?.component ?? reference.description.name, test: current?.test ?? 'its components can be made', fault: `${end}; what comes after it was not tested` })
}
