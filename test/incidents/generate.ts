/** A scenario under a variation as a stream of deliveries and what is true about it. The same seed gives the same bytes. */
import type { EventBatch } from '../../core/data/batch.js'
import type { Scenario, Truth } from './scenario.js'
import { Scene } from './scene.js'
import { background } from './world/background.js'
import { Dice } from './world/random.js'
import type { Delivery, StreamLayer } from './world/stream.js'
import { buildTopology } from './world/topology.js'
import { Traffic } from './world/traffic.js'
import { World } from './world/world.js'

export interface Variation {
  readonly name: string
  /** Healthy rows and benign warnings, as a multiple. */
  readonly noise: number
  readonly skewMs: number
  readonly without?: StreamLayer
  /** Share of deliveries that come twice. */
  readonly doubled?: number
  /** A second fault in another namespace. */
  readonly isDouble?: boolean
  /** All state is lost in the middle. */
  readonly isRestarted?: boolean
  /** One in so many scenarios is enough, unless all are asked for. */
  readonly sample?: number
}

export interface Story {
  readonly scenarios: readonly Scenario[]
  readonly seed: number
  readonly variation: Variation
  readonly deliveries: readonly Delivery[]
  /** As many as scenarios. */
  readonly truths: readonly Truth[]
  readonly startMs: number
  readonly faultMs: number
  readonly endMs: number
  readonly world: World
  /** Tapio is started anew: what it has then is this list, and what arrives from then on. */
  readonly restart?: { readonly atMs: number, readonly listed: EventBatch }
}

/** Background rows at noise 1 are about as many as those a fault makes. */
const noiseUnit = 0.2
/** Before and after the fault. */
const beforeMs = 90_000
const afterMs = 240_000

export function generate (scenarios: readonly Scenario[], seed: number, variation: Variation): Story {
  const dice = new Dice(seed)
  const startMs = Date.UTC(2026, 2, 1) + dice.below(20 * 86_400) * 1000
  const faultMs = startMs + beforeMs + dice.below(30_000)
  const endMs = faultMs + afterMs
  const world = new World(dice.fork(1), startMs, endMs)
  const traffic = new Traffic(world)
  const isDouble = scenarios.length > 1
  buildTopology(world, { namespaces: isDouble ? scenarios.length : 2, isPooled: isDouble, maxSkewMs: variation.skewMs })
  const namespaces = [...new Set(world.apps.map(a => a.namespace))].filter(n => n !== 'kube-system')
  const truths = scenarios.map((s, i) => s.script(new Scene(world, traffic, namespaces[i] as string, faultMs + (i === 0 ? 0 : dice.between(-15_000, 25_000)), dice.fork(10 + i))))
  world.list()
  background(world, traffic, namespaces, variation.noise * noiseUnit)
  const restarts: { atMs: number, listed: EventBatch }[] = []
  if (variation.isRestarted === true) world.sim.at(faultMs + 60_000, () => { restarts.push({ atMs: world.nowMs, listed: world.relist() }) })
  world.sim.run()
  traffic.flush()
  const deliveries = varied(world.stream.inOrder(), variation, dice.fork(2))
  const [restart] = restarts
  return { scenarios, seed, variation, deliveries, truths: truths.map(truth => truth()), startMs, faultMs, endMs, world, ...(restart === undefined ? {} : { restart }) }
}

function varied (deliveries: readonly Delivery[], { without, doubled = 0 }: Variation, dice: Dice): Delivery[] {
  const kept = deliveries.filter(d => d.layer !== without)
  if (doubled === 0) return kept
  const again = kept.filter(() => dice.chance(doubled)).map(d => ({ ...d, arrivalMs: d.arrivalMs + dice.between(1, 4000) }))
  return [...kept, ...again].map((d, i) => [d, i] as const).sort(([a, i], [b, j]) => a.arrivalMs - b.arrivalMs || i - j).map(([d]) => d)
}
