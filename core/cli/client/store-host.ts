/** The API's host where nothing runs: a store is read, that is all. */
import type { ApiHost } from '../../api/host.js'

const nothing = (): Promise<never> => Promise.reject(new Error('no pipelines run here'))

export function storeHost (version: string, startedMs: number): ApiHost {
  return {
    version,
    startedMs,
    plan: undefined,
    settings: () => undefined,
    metrics: () => Promise.resolve({ atMs: performance.now(), families: [] }),
    health: () => Promise.resolve({ live: true, failures: [], ready: true, graph: 'running', failing: [], components: [] }),
    answering: () => [],
    ask: nothing,
    async * tap () { await nothing() }
  }
}
