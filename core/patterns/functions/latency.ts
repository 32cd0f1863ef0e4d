/** How slow something is, as alerts and symptoms say it in words, and how much of that is its own. */
import { listAt, textAt } from '../../topology/graph/plain.js'
import { world } from '../current.js'
import { containersOf, keyOf, refOf, type Thing } from '../world.js'
import { define, text, type PatternFunctions } from './define.js'
import { hostPortsIn } from './host-ports.js'

export const latencyFunctions: PatternFunctions = {
  durationsMs: define('text', 'all durations in a text (`4.7s`, `29.41 ms`), in milliseconds', value => durationsMs(text(value))),
  split: define('text, separator', 'a text in parts', (value, separator) => text(value).split(text(separator) || '\n').slice(0, 200).map(part => part.trim())),
  slowMs: define('object', 'the longest latency that symptoms of it and its Services now speak of, 0 when none does', slowMs),
  ownSlowMs: define('object', 'the same without the longest of what it calls: the part that nothing below explains', ownSlowMs),
  dependenciesOf: define('object', 'workloads that it calls, by its configuration and as traces showed', o => dependenciesOf(o))
}

const speaksOfLatency = /latency|slow|response time|\bp(?:50|9\d)/i
const unitMs: Readonly<Record<string, number>> = { us: 0.001, 'µs': 0.001, ms: 1, s: 1000, sec: 1000, m: 60_000, min: 60_000 }
const duration = /(\d+(?:\.\d+)?)\s?(us|µs|ms|s|sec|min|m)\b/g
const maxText = 4096

export function durationsMs (value: string): number[] {
  return [...value.slice(0, maxText).matchAll(duration)].map(([, amount, unit]) => Number(amount) * (unitMs[unit as string] as number))
}

/** What an alert says last is how it is now: `29 ms -> 4758 ms`. */
function slowMs (o: unknown): number {
  const ref = refOf(o)
  return world().memo(`slow ${keyOf(ref)}`, () => {
    const about = [ref, ...world().services(ref).map(refOf), ...world().pods(ref).map(refOf)]
    let longest = 0
    for (const { sign, evidence } of about.flatMap(a => [...world().about(a)])) {
      if (sign !== 'app.alert' && sign !== 'app.slow') continue
      for (const part of evidence.flatMap(e => e.message.split(/[;|]\s/))) {
        if (sign === 'app.alert' && !speaksOfLatency.test(part)) continue
        longest = Math.max(longest, durationsMs(part).at(-1) ?? 0)
      }
    }
    return longest
  })
}

function ownSlowMs (o: unknown): number {
  const below = dependenciesOf(o).map(slowMs)
  return Math.max(0, slowMs(o) - Math.max(0, ...below))
}

function dependenciesOf (o: unknown): Thing[] {
  const ref = refOf(o)
  return world().memo(`dependencies ${keyOf(ref)}`, () => {
    const found = new Map<string, Thing>()
    const add = (thing: Thing | undefined): void => { if (thing !== undefined && keyOf(refOf(thing)) !== keyOf(ref)) found.set(keyOf(refOf(thing)), thing) }
    for (const service of declared(o, ref.namespace ?? '')) for (const pod of world().pods(refOf(service)).slice(0, 5)) add(world().workload(pod))
    for (const { callee } of world().scene.dependencies?.callees(ref) ?? []) add(world().workload(world().thing(callee)))
    return [...found.values()].sort((a, b) => keyOf(refOf(a)) < keyOf(refOf(b)) ? -1 : 1)
  })
}

function declared (o: unknown, namespace: string): Thing[] {
  const values = containersOf(o).flatMap(c => listAt(c, 'env').map(e => hostPortsIn(textAt(e, 'name'), textAt(e, 'value'))))
  return values.flat().map(({ host }) => world().object({ kind: 'Service', namespace: host.split('.')[1] ?? namespace, name: host.split('.')[0] ?? '' })).filter(s => s !== undefined)
}
