/** The kubernetes receiver against whatever a kubeconfig leads to, and what it holds compared with fresh lists. Only reads. */
import { systemClock } from '../../core/component/clock.js'
import { parseOptions } from '../../core/config/options.js'
import { ApiClient, ApiError } from '../../core/kubernetes/api-client.js'
import { accessOf } from '../../core/kubernetes/access-options.js'
import type { KubeList } from '../../core/kubernetes/objects.js'
import { resourceUrl } from '../../core/kubernetes/resources.js'
import { kindOf, resourceNames, watchables, type ResourceName, type Watchable } from '../../core/kubernetes/watchable.js'
import { wait } from '../../core/delivery/insist.js'
import { deadlineIn, silentLogger, testBench, type TestBench } from '../../core/testing/services.js'
import { factory } from '../../receivers/kubernetes/factory.js'

/** Time for the lists, then for what a comparison of moving things may need. */
const patienceMs = 60_000
const lookMs = 200

/** Faults in words; none = well. */
export async function clusterRun (kubeconfig: string, watchMs: number, print: (line: string) => void): Promise<string[]> {
  const parsed = parseOptions(factory, { auth_type: 'kubeConfig', kubeconfig, checkpoint: { enabled: false } })
  if (!parsed.ok) return [...parsed.faults]
  const bench = testBench('receiver', 'kubernetes', parsed.value, { clock: systemClock })
  const receiver = await factory.create(bench.services)
  const client = new ApiClient(await accessOf({ auth_type: 'kubeConfig', kubeconfig, context: '' }, systemClock, silentLogger))
  try {
    await receiver.start?.(bench.host)
    await pause(watchMs)
    const faults: string[] = []
    for (const name of resourceNames.filter(n => n !== 'events')) {
      const fault = await compare(bench, client, name, print)
      if (fault !== '') faults.push(fault)
    }
    print(`${bench.next.rows} events told, ${bench.status.events.at(-1) ?? 'no status'}`)
    return faults
  } finally {
    await receiver.stop?.(deadlineIn(5000))
    client.close()
  }
}

async function compare ({ meter, logger }: TestBench, client: ApiClient, name: ResourceName, print: (line: string) => void): Promise<string> {
  const denied = logger.lines.find(l => l.message.startsWith('a resource cannot be watched') && l.fields?.['resource'] === name)
  if (denied !== undefined) { print(`${name}: not watched: ${String(denied.fields?.['reason'])}`); return '' }
  const deadlineMs = performance.now() + patienceMs
  for (;;) {
    const held = meter.values.get(`kubernetes_objects{kind="${kindOf[name]}"}`)
    const there = await count(client, name)
    if (held === there || (there === 0 && held === undefined)) { print(`${name}: ${held}`); return '' }
    // Things move between a list and a look; what never agrees is wrong.
    if (performance.now() > deadlineMs) return `${name}: expected ${there} objects as a fresh list has them, found ${held ?? 'none'} held`
    await pause(lookMs)
  }
}

async function count (client: ApiClient, name: ResourceName): Promise<number> {
  const { type, fallback, namespace }: Watchable = watchables[name]
  const selection = namespace === undefined ? {} : { namespace }
  const list = async (t: Watchable['type']): Promise<number> => (await client.get(resourceUrl(t, selection, {}), new AbortController().signal, 'metadata') as KubeList).items?.length ?? 0
  try {
    return await list(type)
  } catch (error) {
    if (fallback === undefined || !(error instanceof ApiError)) throw error
    return list(fallback)
  }
}

async function pause (ms: number): Promise<void> { await wait(ms, systemClock, new AbortController().signal) }
