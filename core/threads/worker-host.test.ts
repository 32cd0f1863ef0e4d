/**
 * Scenario: Node started with options of V8 and of the process, which a Worker refuses in its own `execArgv`.
 * Guarantees: the workers come up all the same, and with the same options.
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { finder } from '../component/catalog.js'
import { planGraph } from '../graph/plan.js'
import { Runtime } from '../graph/runtime.js'
import { serviceDefaults } from '../graph/spec.js'
import { components } from '../testing/components.js'
import { silentLogger } from '../testing/services.js'

/** Starts a graph on a worker and stops it; answers how many threads the plan has. */
async function startAndStop (): Promise<number> {
  const result = planGraph({
    catalog: [new URL('../testing/components.js', import.meta.url).href],
    service: { ...serviceDefaults, mode: 'standard' },
    components: [
      { kind: 'receiver', id: 'test_source', config: { rows: 10, batch_rows: 10, rows_per_second: 0, finish: true } },
      { kind: 'exporter', id: 'test_sink', config: { rows_per_second: 0, retry_every: 0 } }
    ],
    pipelines: [{ id: 'p', receivers: ['test_source'], processors: [], exporters: ['test_sink'] }],
    extensions: []
  }, finder(components), 2)
  if (!result.ok) throw new Error(JSON.stringify(result.faults))
  const runtime = new Runtime({ plan: result.plan, logger: silentLogger, log: { level: 'error', format: 'json' } })
  await runtime.start()
  await runtime.endRequested
  const { undelivered, errors } = await runtime.stop()
  if (undelivered > 0 || errors.length > 0) throw new Error(`${undelivered} undelivered; ${errors.join('; ')}`)
  return result.plan.threads.length
}

if (process.argv[2] === 'child') {
  const threads = await startAndStop()
  process.send?.(threads, () => process.disconnect())
} else {
  for (const execArgv of [[], ['--expose-gc'], ['--max-old-space-size=512', '--title=tapio-test'], ['--enable-source-maps', '--stack-trace-limit=30']]) {
    test(`workers start under node ${execArgv.join(' ') || 'without options'}`, async () => {
      const child = fork(fileURLToPath(import.meta.url), ['child'], { execArgv, stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
      let threads: unknown
      child.on('message', message => { threads = message })
      assert.equal(await once(child, 'exit'), [0, null])
      assert.ok(Number(threads) > 1, 'a worker beside the main thread')
    })
  }
  test.run()
}
