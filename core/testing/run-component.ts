/** A component running between a source and a sink, as in a pipeline of its own: the short way to a test. */
import type { Clock } from '../component/clock.js'
import type { ComponentFactory } from '../component/factory.js'
import { parseOptions } from '../config/options.js'
import { FakeClock } from './fake-clock.js'
import { deadlineIn, testBench, type TestBench } from './services.js'
import { Source } from './source.js'

export interface RunOptions<C extends Clock = FakeClock> {
  /** Left out: a FakeClock, which stands still until `clock.advance`. */
  readonly clock?: C
  /** Connectors: names of the pipelines that begin with it. */
  readonly outputs?: readonly string[]
}

export interface RunningComponent<C extends Clock = FakeClock> extends Omit<TestBench, 'next' | 'services'> {
  readonly source: Source
  /** What it passes on. */
  readonly sink: TestBench['next']
  /** Connectors: the same by output. */
  readonly outputs: ReadonlyMap<string, TestBench['next']>
  readonly clock: C
  /** Stops it as Tapio does, with `timeoutMs` (2000) to drain. */
  stop(timeoutMs?: number): Promise<void>
}

/**
 * Makes and starts a component. `options` are as people write them in YAML (`{ interval: '10s' }`), checked as there; an Error lists what is
 * wrong with them.
 */
export async function runComponent<C extends Clock = FakeClock> (factory: ComponentFactory, options: object = {}, { clock, outputs = [] }: RunOptions<C> = {}): Promise<RunningComponent<C>> {
  const parsed = parseOptions(factory, options)
  if (!parsed.ok) throw new Error(`the options of ${factory.kind} ${factory.type} are wrong:\n  ${parsed.faults.join('\n  ')}`)
  const used = clock ?? new FakeClock()
  const { next: sink, services, ...bench } = testBench(factory.kind, factory.type, parsed.value, { clock: used, outputs })
  const component = await factory.create(services)
  await component.start?.(bench.host)
  return {
    ...bench, sink, clock: used as C,
    source: new Source(component),
    stop: async (timeoutMs = 2000) => { await component.stop?.(deadlineIn(timeoutMs)) }
  }
}
