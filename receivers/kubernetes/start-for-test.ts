/** A kubernetes receiver on a stand-in API server, for tests: what it told, in short. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '../../core/component/clock.js'
import { parseOptions } from '../../core/config/options.js'
import type { EventRow } from '../../core/data/row.js'
import { ApiServerStandIn } from '../../core/testing/api-server/server.js'
import { deadlineIn, RecordingHost, testBench, type TestBench } from '../../core/testing/services.js'
import { factory } from './factory.js'
import type { KubernetesReceiver } from './receiver.js'

export interface Cluster { readonly server: ApiServerStandIn, readonly address: string, readonly directory: string }

/** `use` with a server and an empty directory, both gone afterwards. */
export async function withCluster (use: (cluster: Cluster) => Promise<void>): Promise<void> {
  const server = new ApiServerStandIn()
  const address = await server.start()
  const directory = mkdtempSync(join(tmpdir(), 'tapio-kubernetes-'))
  try {
    await use({ server, address, directory })
  } finally {
    await server.stop()
    rmSync(directory, { recursive: true, force: true })
  }
}

export interface Running extends TestBench {
  readonly receiver: KubernetesReceiver
  /** Every row, in order. */
  rows(): readonly EventRow[]
  /** `Kind/name change Reason` of each. */
  told(): readonly string[]
  /** Resolves when `holds`; throws after 20 s with what was told. */
  until(what: string, holds: () => boolean): Promise<void>
  /** All watches of the configuration run. */
  watching(watches: number): Promise<void>
  stop(): Promise<void>
}

export async function startReceiver ({ server, address }: Cluster, options: object = {}): Promise<Running> {
  const checked = parseOptions(factory, { auth_type: 'none', api_server: address, checkpoint: { enabled: false }, ...options })
  if (!checked.ok) throw new Error(JSON.stringify(checked))
  const bench = testBench('receiver', 'kubernetes', checked.value, { clock: systemClock })
  const receiver = await factory.create(bench.services) as KubernetesReceiver
  await receiver.start()
  const rows = (): readonly EventRow[] => bench.next.batches.flatMap(b => Array.from({ length: b.count }, (_, i) => b.at(i)))
  const told = (): readonly string[] => rows().map(r => `${r.get('entityKind') ?? ''}/${r.get('entityName') ?? ''} ${String(r.attribute('tapio.k8s.change'))} ${r.get('name') ?? ''}`)
  const until = async (what: string, holds: () => boolean): Promise<void> => {
    const deadlineMs = performance.now() + 20_000
    while (!holds()) {
      if (performance.now() > deadlineMs) throw new Error(`never came: ${what}; told ${JSON.stringify(told().slice(-10))}; log ${JSON.stringify(bench.logger.lines.slice(-5))}`)
      await new Promise(resolve => setImmediate(resolve))
    }
  }
  return { ...bench, host: new RecordingHost(), receiver, rows, told, until, watching: n => until(`${n} watches`, () => server.watches.size === n), stop: () => receiver.stop(deadlineIn(5000)) }
}
